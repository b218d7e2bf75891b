import { watchSweepMs } from "../core/policy.ts";
import type { PidObservation } from "../core/evidence.ts";
import type { Host } from "../host/host.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import { examine } from "../sweep/examine.ts";
import { claimsOf } from "../sweep/judge/scenes.ts";
import { startLooking, type Stop } from "../sweep/pass.ts";
import { sweep, type SweepOptions } from "../sweep/sweep.ts";

/** How often, in ms, the known holders are looked at: a stat each, nothing else is read. */
const lookEveryMs = 1_000;

/** A holder that was seen alive: its pid, and its start so that a reused pid is not taken for it. */
type LiveHolders = ReadonlyMap<number, string>;

/** Is called for each sweep of the watch: with its report, or with its fault. */
export type SweepListener = {
  readonly report: (report: SweepReport) => Promise<void>;
  readonly fault: (error: unknown) => Promise<void>;
};

export type WatchOptions = Omit<SweepOptions, "command" | "dryRun" | "failOnGhosts"> & {
  readonly onSweep: () => Promise<SweepListener>;
  /** Is called where another process holds the run lock. */
  readonly onTurnedAway: () => Promise<void>;
};

function startOf(observation: PidObservation | undefined): string | undefined {
  return observation?.kind === "there" && observation.startTicks.seen && !(observation.state.seen && "ZX".includes(observation.state.value))
    ? observation.startTicks.value
    : undefined;
}

/** Those whose exit can make a ghost: the recorded holders that are alive, and every agent. */
async function liveHolders(host: LookingHost, options: WatchOptions): Promise<LiveHolders> {
  const { registries, evidence } = await examine(startLooking(host, options), { lookAnyway: true });
  if (!evidence.processes.seen) return new Map();
  const { pids, agents } = evidence.processes.value;
  const holders = new Map(agents.map(({ pid, startTicks }) => [pid, startTicks]));
  for (const { pid } of registries.flatMap(({ loaded }) => claimsOf(loaded.entries))) {
    const observation = pid === undefined ? undefined : pids.get(pid);
    const start = observation?.seen === true ? startOf(observation.value) : undefined;
    if (pid !== undefined && start !== undefined) holders.set(pid, start);
  }
  return holders;
}

function hasLeft(host: LookingHost, holders: LiveHolders): boolean {
  return [...holders].some(([pid, start]) => host.startOfPid(pid) !== start);
}

/** A registry or a run lock that was busy is tried again after so many ms. */
const retryMs = 3_000;

/** Sweeps, unless another process holds the run lock: its sweep may have begun too early. Returns after how many ms the next sweep is due. */
async function sweepOnce(host: Host, options: WatchOptions): Promise<number> {
  const lock = await host.store.takeRunLock();
  if (lock === undefined) {
    await options.onTurnedAway();
    return retryMs;
  }
  let listener: SweepListener | undefined;
  try {
    listener = await options.onSweep();
    const report = await sweep(host, { ...options, command: "watch", dryRun: false, failOnGhosts: false });
    await listener.report(report);
    return report.summary.skipped > 0 ? retryMs : watchSweepMs;
  } catch (error) {
    await listener?.fault(error);
    throw error;
  } finally {
    lock.release();
  }
}

/**
 * Stays up: one sweep at the start, then one whenever a known holder has left, and one a minute besides. The ladder is
 * the same; a holder that leaves within its grace period is reaped when that is over.
 */
export async function watch(host: Host, options: WatchOptions, stop: Stop): Promise<void> {
  while (stop.signal === undefined) {
    // Looked up before the sweep: one that leaves during it is missed by neither.
    const holders = await liveHolders(host, options);
    const dueMs = await sweepOnce(host, options);
    for (let waited = 0; waited < dueMs && stop.signal === undefined && !hasLeft(host, holders); waited += lookEveryMs) {
      await host.sleep(lookEveryMs);
    }
  }
}
