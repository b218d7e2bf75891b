import type { Host } from "../host/host.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import type { Endings } from "../sweep/pass.ts";
import { sweep } from "../sweep/sweep.ts";
import type { Places, SweepListener, WatchOptions } from "./options.ts";

/** Which registries a sweep of the watch judges, and what it knows beside what they say. */
export type SweepScope = {
  readonly targets: readonly Target[];
  readonly isWhole: boolean;
  readonly places: Places;
  readonly endings: Endings;
};

/** How a sweep of the watch went. */
export type Swept = {
  /** It was made: another process did not hold the run lock. */
  readonly isMade: boolean;
  /** Something was in use or changed under it, or it was not made: that is tried again soon. */
  readonly isHeldUp: boolean;
  /** Something could not be reaped: that takes longer. */
  readonly hasFailed: boolean;
  /** Something waits for a second look. */
  readonly isAwaited: boolean;
  readonly gone: number;
};

export const nothingToSweep: Swept = { isMade: false, isHeldUp: false, hasFailed: false, isAwaited: false, gone: 0 };
const turnedAway: Swept = { ...nothingToSweep, isHeldUp: true };

/** Sweeps, unless another process holds the run lock: its sweep may have begun too early. */
export async function sweepOnce(host: Host, options: WatchOptions, { targets, isWhole, places, endings }: SweepScope): Promise<Swept> {
  const lock = await host.store.takeRunLock();
  if (lock === undefined) {
    await options.onTurnedAway();
    return turnedAway;
  }
  let listener: SweepListener | undefined;
  try {
    listener = await options.onSweep(isWhole);
    const ids = new Set(targets.map(registryId));
    const rest = places.targets.filter((target) => !ids.has(registryId(target)));
    const run = { ...options, targets, witnesses: [...places.witnesses, ...rest], rest, endings };
    const report = await sweep(host, { ...run, command: "watch", dryRun: false, failOnGhosts: false });
    await listener.report(report);
    const { reaped, pending, skipped, busy, failed } = report.summary;
    return { isMade: true, isHeldUp: skipped + busy > 0, hasFailed: failed > 0, isAwaited: pending > 0, gone: reaped };
  } catch (error) {
    await listener?.fault(error);
    throw error;
  } finally {
    lock.release();
  }
}
