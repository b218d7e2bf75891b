import { defaultPolicy } from "../src/core/policy.ts";
import type { Tombstone } from "../src/core/tombstone.ts";
import type { Host } from "../src/host/host.ts";
import type { Target } from "../src/sweep/load/target.ts";
import { noCallers } from "../src/sweep/observe/daemon.ts";
import { startPass } from "../src/sweep/pass.ts";
import { restore } from "../src/sweep/restore/restore.ts";
import type { SweepOptions } from "../src/sweep/sweep.ts";

/** What a sweep is told that was started without a word. */
export const plainSweep = {
  command: "sweep",
  witnesses: [],
  policy: defaultPolicy,
  lookAnyway: false,
  dryRun: false,
  failOnGhosts: false,
  stop: { signal: undefined },
  callers: noCallers,
} as const satisfies Omit<SweepOptions, "targets">;

type Restoration = Awaited<ReturnType<typeof restore>>;

/** Puts tombstoned entries back into one registry. */
export function restoreInto(host: Host, target: Target, tombstones: readonly Tombstone[], dryRun = false): Promise<Restoration> {
  return restore(startPass(host, { ...plainSweep, targets: [target] }), [{ target, tombstones }], dryRun);
}
