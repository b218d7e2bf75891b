import { sweep } from "../sweep/sweep.ts";
import { RefusedError, RegistryError } from "./errors.ts";
import { asOwner, findOwn, whileLocked } from "./own-registry.ts";
import { rowOf } from "./rows.ts";
import { stoppedBy } from "./stopping.ts";
import type { BridgeOptions, Reconciled } from "./types.ts";

/**
 * One sweep of the caller's own registry, for its start: what died while the caller was down goes by the rules of every
 * sweep, but that the caller itself is no owner before whom it is only reported.
 */
export async function reconcile(options: BridgeOptions): Promise<Reconciled> {
  options.signal?.throwIfAborted();
  const own = await findOwn(options);
  const { stop, leave } = stoppedBy([options.signal]);
  try {
    return await whileLocked(own, options, stop, async () => {
      const report = await sweep(own.host, { ...own.question, ...asOwner, stop, command: "reconcile", dryRun: false, failOnGhosts: false });
      options.signal?.throwIfAborted();
      if (report.refusal !== null) throw new RefusedError(report.refusal);
      const { path } = own.target;
      const [registry] = report.registries;
      const { state = "missing", problem = null } = registry ?? {};
      if (state === "unreadable" || state === "malformed") throw new RegistryError(`${path} ${problem ?? state}`);
      return { sweepId: report.sweepId, state, problem, rows: [...report.entries].map(rowOf), warnings: report.warnings };
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    leave();
  }
}
