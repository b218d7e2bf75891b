import { quietSweepMs, watchSweepMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { Senses } from "../host/senses/senses.ts";
import { plural } from "../report/listing/view.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import { sweep } from "../sweep/sweep.ts";
import { newAgenda } from "./agenda.ts";
import { newFlood } from "./flood.ts";
import { awakeOf, newLookout } from "./lookout.ts";
import { newNotices } from "./notices.ts";
import type { Places, SweepListener, WatchOptions, WatchSummary } from "./options.ts";
import {
  afterAgentMs,
  afterGlance,
  afterLearning,
  afterLines,
  clockEveryMs,
  gatherMs,
  retryMs,
  tablesEveryMs,
  wholeRetryMs,
} from "./paces.ts";
import { newPaced } from "./paced.ts";
import { newPause } from "./pause.ts";
import { keepServers } from "./servers.ts";

type Item = "whole" | "exits" | "learn" | "lines" | "tables" | "clock";

/**
 * Stays up until `signal` is aborted: one sweep at the start; then, whenever a holder ends or a server closes a thread before
 * its eyes, one at once of the registries that claim it; and one of all now and then. The ladder is the same. It holds no
 * state but its own: a program can have several.
 */
export async function watch(host: Host, senses: Senses, options: WatchOptions, signal: AbortSignal): Promise<WatchSummary> {
  const { stop } = options;
  let places: Places = options;
  const agenda = newAgenda<Item>(senses.after);
  const lookout = newLookout(host, senses, options);
  const done = { sweeps: 0, exits: 0, closings: 0, gone: 0 };
  const changed = new Set<Target>();
  const { notice, lastOf } = newNotices(options.onNotice);
  const pauses = {
    exits: newPause(retryMs, watchSweepMs),
    whole: newPause(wholeRetryMs, watchSweepMs),
    failed: newPause(wholeRetryMs, watchSweepMs),
    learn: newPause(retryMs, watchSweepMs),
    quiet: newPause(watchSweepMs, quietSweepMs),
  };
  let learnPauseMs = afterLearning(0);
  let [isResting, endRest]: [boolean, () => void] = [false, () => undefined];
  const flood = newFlood();
  let isOverrun = false;

  /** Something has happened: of what follows from that, only time may tell. */
  function stir(): void {
    pauses.quiet.reset();
    agenda.soon("whole", watchSweepMs);
  }

  /** Something has ended: that is tried at once, also where a try has failed before. */
  function sweepEnds(): void {
    stir();
    pauses.exits.reset();
    pauses.whole.reset();
    agenda.soon("exits", gatherMs);
  }

  function lookAtLinesSoon(tookMs: number | undefined): void {
    if (lookout.doLinesMatter()) agenda.soon("lines", afterLines(tookMs));
  }

  const exits = senses.exits((ended) => {
    done.exits += ended.length;
    const { holder, agent } = lookout.exited(ended);
    // What they have left is waited for from now on.
    exits.keep(lookout.processes());
    lookAtLinesSoon(0);
    if (holder) sweepEnds();
    if (agent) agenda.soon("whole", afterAgentMs);
    stir();
  });
  const glances = newPaced<Target>(
    async (target) => {
      try {
        await lookout.glance(target);
      } catch {
        // The reading of it that follows says what stands in the way.
        return;
      }
      exits.keep(lookout.processes());
      lookAtLinesSoon(0);
    },
    senses.after,
    { nowMs: () => awakeOf(host) ?? 0, restMs: afterGlance },
  );
  const directories = senses.directories((path) => {
    for (const target of places.targets) {
      if (target.path !== path) continue;
      changed.add(target);
      glances.hear(target);
    }
    stir();
    isOverrun ||= isResting;
    agenda.soon("learn", isResting ? learnPauseMs : afterLearning(0));
  });
  const servers = keepServers(senses, {
    closed: (url, id) => {
      done.closings += 1;
      if (lookout.closed(url, id)) sweepEnds();
    },
    reopened: (url, id) => {
      lookout.reopened(url, id);
      stir();
    },
    notice: (url, words) => void notice(url, words),
  });
  const hearAbort = (): void => {
    stop.signal ??= "SIGTERM";
    agenda.close();
  };
  signal.addEventListener("abort", hearAbort, { once: true });

  async function learn(those: readonly Target[], areAll: boolean): Promise<void> {
    const from = host.clock().awakeMs;
    if (await lookout.learn(those, areAll)) sweepEnds();
    pauses.learn.reset();
    exits.keep(lookout.processes());
    lookAtLinesSoon(0);
    const until = host.clock().awakeMs;
    const tookMs = from.seen && until.seen ? until.value - from.value : undefined;
    learnPauseMs = afterLearning(tookMs);
    // The first change after a rest is read at once, and those that follow wait for the next.
    endRest();
    endRest = senses.after(learnPauseMs, () => (isResting = false));
    isResting = true;
    const isFlood = flood(isOverrun, until.seen ? until.value : 0);
    isOverrun = changed.size > 0;
    await notice("flood", isFlood ? "registries change faster than they can be read; new holders may be known later" : undefined);
  }

  /** Sweeps, unless another process holds the run lock: its sweep may have begun too early. */
  async function sweepOnce(those: readonly Target[], isWhole: boolean): Promise<"held up" | "failed" | "done"> {
    const lock = await host.store.takeRunLock();
    if (lock === undefined) {
      await options.onTurnedAway();
      return "held up";
    }
    let listener: SweepListener | undefined;
    try {
      listener = await options.onSweep(isWhole);
      const swept = new Set(those.map(registryId));
      const rest = places.targets.filter((target) => !swept.has(registryId(target)));
      const run = { ...options, targets: those, witnesses: [...places.witnesses, ...rest], rest, endings: lookout.endings };
      const report = await sweep(host, { ...run, command: "watch", dryRun: false, failOnGhosts: false });
      await listener.report(report);
      done.sweeps += 1;
      done.gone += report.summary.reaped;
      // What waits for a second look gets it in time.
      if (report.summary.pending > 0) pauses.quiet.reset();
      const { skipped, busy, failed } = report.summary;
      return skipped + busy > 0 ? "held up" : failed > 0 ? "failed" : "done";
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
        lookAtLinesSoon(lookout.lookAtLines());
        return;
      case "clock":
        agenda.soon("clock", clockEveryMs);
        if (lookout.wasClockStepped()) agenda.soon("whole", 0);
        return;
      case "tables": {
        // A server does not say that a row was written: it is asked now and then.
        const onServers = places.targets.filter(({ server }) => server !== undefined);
        if (onServers.length === 0) return;
        agenda.soon("tables", tablesEveryMs);
        return learn(onServers, false);
      }
      case "learn": {
        const those = [...changed];
        changed.clear();
        if (those.length === 0) return;
        // What cannot be read now has changed all the same.
        return learn(those, false).catch((error: unknown) => {
          for (const target of those) changed.add(target);
          throw error;
        });
      }
      case "exits": {
        const those = lookout.takeConcerned();
        const end = those.length === 0 ? "done" : await sweepOnce(those, false);
        if (end === "held up") agenda.soon("exits", pauses.exits.next());
        else pauses.exits.reset();
        // A full disk, a release command that fails: that takes longer than another's lock.
        if (end === "failed") agenda.soon("exits", pauses.failed.next());
        else pauses.failed.reset();
        return;
      }
      case "whole": {
        await findPlaces();
        const { targets } = places;
        const onDisk = targets.filter(({ server }) => server === undefined);
        const problems = directories.keep(onDisk.map(({ path }) => path));
        if (onDisk.length < targets.length) agenda.soon("tables", tablesEveryMs);
        for (const { path } of onDisk)
          await notice(
            path,
            problems.find((problem) => problem.startsWith(`${path} `)),
          );
        // Looked up before the sweep: one that leaves during it is missed by neither.
        await learn(targets, true);
        if ((await sweepOnce(targets, true)) === "held up") agenda.soon("whole", pauses.whole.next());
        else pauses.whole.reset();
        agenda.soon("whole", pauses.quiet.next());
        await notice("start", lastOf("start") ?? `watching ${await described()}`);
      }
    }
  }

  async function findPlaces(): Promise<void> {
    try {
      const found = options.findPlaces();
      const ids = new Set(found.targets.map(registryId));
      // The agent that led to it has ended, perhaps, and what it registered is to go.
      const claimed = places.targets.filter((one) => !ids.has(registryId(one)) && lookout.hasEntries(one));
      places = { ...found, targets: [...found.targets, ...claimed] };
      await notice("places", undefined);
    } catch (error) {
      await notice("places", `registries could not be looked for anew: ${String(error)}`);
    }
    servers.keep(places.targets);
  }

  async function described(): Promise<string> {
    const how = (await exits.ready()) === "pidfd" ? "through pidfds" : "by a look every second";
    const holders = plural(lookout.holders(), "process", "processes");
    const registries = plural(places.targets.length, "registry", "registries");
    return `${holders} in ${registries} ${how}, and ${plural(servers.count(), "app server")}`;
  }

  agenda.soon("whole", 0);
  agenda.soon("clock", clockEveryMs);
  let last: Item | undefined;
  try {
    while (!signal.aborted && stop.signal === undefined) {
      await agenda.next();
      // Exits come first, and leave every other turn to what else is due.
      const order: readonly Item[] =
        last === "exits"
          ? ["clock", "whole", "learn", "tables", "lines", "exits"]
          : ["exits", "clock", "learn", "tables", "whole", "lines"];
      const item = signal.aborted ? undefined : agenda.take(order);
      if (item === undefined) continue;
      last = item;
      try {
        await act(item);
        if (item !== "lines" && item !== "clock") await notice("fault", undefined);
      } catch (error) {
        await notice("fault", `a sweep failed and is tried again: ${String(error)}`);
        if (item === "exits" || item === "learn") agenda.soon(item, pauses[item].next());
        else if (item === "tables") agenda.soon(item, tablesEveryMs);
        else if (item === "lines") agenda.soon(item, afterLines(undefined));
        agenda.soon("whole", watchSweepMs);
      }
    }
  } finally {
    signal.removeEventListener("abort", hearAbort);
    endRest();
    for (const one of [agenda, exits, glances, directories, servers]) one.close();
  }
  return done;
}
