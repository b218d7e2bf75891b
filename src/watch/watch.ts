import { watchSweepMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { Senses } from "../host/senses/senses.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import type { Target } from "../sweep/load/target.ts";
import { sweep, type SweepOptions } from "../sweep/sweep.ts";
import { newAgenda } from "./agenda.ts";
import { newLookout } from "./lookout.ts";
import { newNotices } from "./notices.ts";
import { newPause } from "./pause.ts";
import { keepServers } from "./servers.ts";

/** Hears how one sweep of the watch ended. */
export type SweepListener = {
  readonly report: (report: SweepReport) => Promise<void>;
  readonly fault: (error: unknown) => Promise<void>;
};

export type WatchOptions = Omit<SweepOptions, "command" | "dryRun" | "failOnGhosts" | "endings"> & {
  /** A sweep begins: of all registries, or of those alone in which something was seen to end. */
  readonly onSweep: (isWhole: boolean) => Promise<SweepListener>;
  readonly onTurnedAway: () => Promise<void>;
  /** Hears what is watched, and what stands in the way; the same is not said twice. */
  readonly onNotice: (notice: string) => Promise<void>;
};

/** What a watch has seen and done until it was stopped. */
export type WatchSummary = { readonly sweeps: number; readonly exits: number; readonly closings: number; readonly gone: number };

/** What ends together is swept together: so long, in ms, the first exit waits for others. */
const gatherMs = 20;

/** A run lock that another sweep holds, and a registry that was busy, are tried again after so many ms, a whole sweep later; then after twice as many. */
const [retryMs, wholeRetryMs] = [250, 3_000];

/** An agent that no entry records has ended: what hangs on it is judged by a whole sweep, after so many ms. */
const afterAgentMs = 10_000;

/** How often, in ms, is looked who has been started by whom. */
const linesEveryMs = 1_000;

/** A change of a registry is read after so many ms at least, and after twice as long as the last reading took. */
const [learnAfterMs, learnAfterAtMost] = [20, 1_000];

/** Registries that changed in so many readings of them, one after the other, are in a flood. */
const floodReadings = 100;

type Item = "whole" | "exits" | "learn" | "lines";

/**
 * Stays up until `signal` is aborted: one sweep at the start; then, whenever a holder ends or a server closes a thread before
 * its eyes, one at once of the registries that claim it; and one of all now and then. The ladder is the same. It holds no
 * state but its own: a program can have several.
 */
export async function watch(host: Host, senses: Senses, options: WatchOptions, signal: AbortSignal): Promise<WatchSummary> {
  const { targets, stop } = options;
  const agenda = newAgenda<Item>(senses.after);
  const lookout = newLookout(host, senses, options);
  const done = { sweeps: 0, exits: 0, closings: 0, gone: 0 };
  const changed = new Set<Target>();
  const { notice, lastOf } = newNotices(options.onNotice);
  const pauses = {
    exits: newPause(retryMs, watchSweepMs),
    whole: newPause(wholeRetryMs, watchSweepMs),
    learn: newPause(retryMs, watchSweepMs),
  };
  let learnPauseMs = learnAfterMs;
  let flooded = 0;

  /** Something has ended: that is tried at once, also where a try has failed before. */
  function sweepEnds(): void {
    pauses.exits.reset();
    pauses.whole.reset();
    agenda.soon("exits", gatherMs);
  }

  const exits = senses.exits((ended) => {
    done.exits += ended.length;
    const { holder, agent } = lookout.exited(ended);
    if (holder) sweepEnds();
    if (agent) agenda.soon("whole", afterAgentMs);
  });
  const directories = senses.directories((path) => {
    for (const target of targets) if (target.path === path) changed.add(target);
    agenda.soon("learn", learnPauseMs);
  });
  const servers = keepServers(senses, targets, {
    closed: (url, id) => {
      done.closings += 1;
      if (lookout.closed(url, id)) sweepEnds();
    },
    reopened: lookout.reopened,
    notice: (url, words) => void notice(url, words),
  });
  const hearAbort = (): void => {
    stop.signal ??= "SIGTERM";
    agenda.close();
  };
  signal.addEventListener("abort", hearAbort, { once: true });

  async function learn(those: readonly Target[]): Promise<void> {
    const from = host.clock().awakeMs;
    if (await lookout.learn(those)) sweepEnds();
    pauses.learn.reset();
    exits.keep(lookout.processes());
    const until = host.clock().awakeMs;
    const tookMs = from.seen && until.seen ? until.value - from.value : learnAfterAtMost;
    learnPauseMs = Math.min(learnAfterAtMost, Math.max(learnAfterMs, 2 * tookMs));
    flooded = changed.size > 0 ? flooded + 1 : 0;
    await notice(
      "flood",
      flooded < floodReadings ? undefined : "registries change faster than they can be read; new holders may be known later",
    );
  }

  /** Sweeps, unless another process holds the run lock: its sweep may have begun too early. Returns whether it is to be tried again. */
  async function sweepOnce(those: readonly Target[], isWhole: boolean): Promise<boolean> {
    const lock = await host.store.takeRunLock();
    if (lock === undefined) {
      await options.onTurnedAway();
      return true;
    }
    let listener: SweepListener | undefined;
    try {
      listener = await options.onSweep(isWhole);
      const witnesses = [...options.witnesses, ...targets.filter((target) => !those.includes(target))];
      const run = { ...options, targets: those, witnesses, endings: lookout.endings };
      const report = await sweep(host, { ...run, command: "watch", dryRun: false, failOnGhosts: false });
      await listener.report(report);
      done.sweeps += 1;
      done.gone += report.summary.reaped;
      return report.summary.skipped + report.summary.busy > 0;
    } catch (error) {
      await listener?.fault(error);
      throw error;
    } finally {
      lock.release();
    }
  }

  async function act(item: Item): Promise<void> {
    switch (item) {
      case "lines":
        agenda.soon("lines", linesEveryMs);
        if (lookout.holders() > 0) lookout.lookAtLines();
        return;
      case "learn": {
        const those = [...changed];
        changed.clear();
        if (those.length === 0) return;
        // What cannot be read now has changed all the same.
        return learn(those).catch((error: unknown) => {
          for (const target of those) changed.add(target);
          throw error;
        });
      }
      case "exits": {
        const those = lookout.takeConcerned();
        if (those.length > 0 && (await sweepOnce(those, false))) agenda.soon("exits", pauses.exits.next());
        else pauses.exits.reset();
        return;
      }
      case "whole": {
        agenda.soon("whole", watchSweepMs);
        const problems = directories.keep(targets.map(({ path }) => path));
        for (const { path } of targets)
          await notice(
            path,
            problems.find((problem) => problem.startsWith(`${path} `)),
          );
        // Looked up before the sweep: one that leaves during it is missed by neither.
        await learn(targets);
        if (await sweepOnce(targets, true)) agenda.soon("whole", pauses.whole.next());
        else pauses.whole.reset();
        await notice("start", lastOf("start") ?? `watching ${await described()}`);
      }
    }
  }

  async function described(): Promise<string> {
    const how = (await exits.ready()) === "pidfd" ? "through pidfds" : "by a look every second";
    return `registries: ${targets.length}, holders: ${lookout.holders()} ${how}, app servers: ${servers.count}`;
  }

  agenda.soon("whole", 0);
  agenda.soon("lines", linesEveryMs);
  let last: Item | undefined;
  try {
    while (!signal.aborted && stop.signal === undefined) {
      await agenda.next();
      // Exits come first, and leave every other turn to what else is due.
      const order: readonly Item[] = last === "exits" ? ["whole", "learn", "lines", "exits"] : ["exits", "learn", "whole", "lines"];
      const item = signal.aborted ? undefined : agenda.take(order);
      if (item === undefined) continue;
      last = item;
      try {
        await act(item);
        if (item !== "lines") await notice("fault", undefined);
      } catch (error) {
        await notice("fault", `a sweep failed and is tried again: ${String(error)}`);
        if (item === "exits" || item === "learn") agenda.soon(item, pauses[item].next());
        agenda.soon("whole", watchSweepMs);
      }
    }
  } finally {
    signal.removeEventListener("abort", hearAbort);
    for (const one of [agenda, exits, directories, servers]) one.close();
  }
  return done;
}
