import { watchSweepMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { Senses } from "../host/senses/senses.ts";
import type { Target } from "../sweep/load/target.ts";
import { awakeOf } from "./awake.ts";
import { newLookout } from "./lookout.ts";
import { newNotices, watching } from "./notices.ts";
import { nothingToSweep, sweepOnce } from "./one-sweep.ts";
import type { WatchOptions, WatchSummary } from "./options.ts";
import { newAgenda } from "./pace/agenda.ts";
import { newPaced } from "./pace/paced.ts";
import { afterAgentMs, afterGlance, afterLines, clockEveryMs, gatherMs, tablesEveryMs } from "./pace/paces.ts";
import { newPauses } from "./pace/pauses.ts";
import { orderAfter, type Item } from "./pace/turns.ts";
import { newPlaces } from "./places.ts";
import { newReading } from "./reading.ts";
import { keepServers } from "./servers.ts";

/**
 * Stays up until `signal` is aborted: one sweep at the start; then, whenever a holder ends or a server closes a thread before
 * its eyes, one at once of the registries that claim it; and one of all now and then. The ladder is the same. It holds no
 * state but its own: a program can have several.
 */
export async function watch(host: Host, senses: Senses, options: WatchOptions, signal: AbortSignal): Promise<WatchSummary> {
  const done = { sweeps: 0, exits: 0, closings: 0, gone: 0 };
  const agenda = newAgenda<Item>(senses.after);
  const lookout = newLookout(host, senses, options);
  const { notice, lastOf } = newNotices(options.onNotice);
  const places = newPlaces(options, lookout.hasEntries, notice);
  const reading = newReading(host, lookout, senses, notice);
  const pauses = newPauses();

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

  /** What is known has changed, and with it whose end is waited for: what has ended can have left some. */
  function waitAnew(): void {
    exits.keep(lookout.processes());
    lookAtLinesSoon(0);
  }

  const exits = senses.exits((ended) => {
    done.exits += ended.length;
    const { holder, agent } = lookout.exited(ended);
    waitAnew();
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
      waitAnew();
    },
    senses.after,
    { nowMs: () => awakeOf(host) ?? 0, restMs: afterGlance },
  );
  const directories = senses.directories((path) => {
    for (const target of places.current().targets) {
      if (target.path !== path) continue;
      reading.hear(target);
      glances.hear(target);
    }
    stir();
    agenda.soon("learn", reading.nextMs());
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

  async function learnt(reads: Promise<boolean>): Promise<void> {
    if (await reads) sweepEnds();
    pauses.learn.reset();
    waitAnew();
  }

  async function sweepThose(targets: readonly Target[], isWhole: boolean): ReturnType<typeof sweepOnce> {
    const swept = await sweepOnce(host, options, { targets, isWhole, places: places.current(), endings: lookout.endings });
    if (swept.isMade) done.sweeps += 1;
    done.gone += swept.gone;
    // What waits for a second look gets it in time.
    if (swept.isAwaited) pauses.quiet.reset();
    return swept;
  }

  /** What each thing on the agenda leads to. */
  const steps: Readonly<Record<Item, () => Promise<void> | void>> = {
    lines: () => {
      lookAtLinesSoon(lookout.lookAtLines());
    },
    clock: () => {
      agenda.soon("clock", clockEveryMs);
      if (lookout.wasClockStepped()) agenda.soon("whole", 0);
    },
    learn: () => learnt(reading.readChanged()),
    // A server does not say that a row was written: it is asked now and then.
    tables: async () => {
      const onServers = places.current().targets.filter(({ server }) => server !== undefined);
      if (onServers.length === 0) return;
      agenda.soon("tables", tablesEveryMs);
      await learnt(reading.read(onServers, false));
    },
    exits: async () => {
      const concerned = lookout.takeConcerned();
      const { isHeldUp, hasFailed } = concerned.length === 0 ? nothingToSweep : await sweepThose(concerned, false);
      if (isHeldUp) agenda.soon("exits", pauses.exits.next());
      else pauses.exits.reset();
      // A full disk, a release command that fails: that takes longer than another's lock.
      if (hasFailed && !isHeldUp) agenda.soon("exits", pauses.failed.next());
      else pauses.failed.reset();
    },
    whole: async () => {
      await places.find();
      const { targets } = places.current();
      servers.keep(targets);
      await watchPlaces(targets);
      // Looked up before the sweep: one that leaves during it is missed by neither.
      await learnt(reading.read(targets, true));
      if ((await sweepThose(targets, true)).isHeldUp) agenda.soon("whole", pauses.whole.next());
      else pauses.whole.reset();
      agenda.soon("whole", pauses.quiet.next());
      await notice("start", lastOf("start") ?? watching(await exits.ready(), lookout.holders(), targets.length, servers.count()));
    },
  };

  /** Hears from now on what changes in these registries, and asks servers that say nothing. */
  async function watchPlaces(targets: readonly Target[]): Promise<void> {
    const onDisk = targets.filter(({ server }) => server === undefined);
    const problems = directories.keep(onDisk.map(({ path }) => path));
    if (onDisk.length < targets.length) agenda.soon("tables", tablesEveryMs);
    for (const { path } of onDisk) {
      const problem = problems.find((one) => one.startsWith(`${path} `));
      await notice(path, problem);
    }
  }

  /** A step has failed: it is tried again, and so is a sweep of all. */
  function tryAgain(item: Item): void {
    if (item === "exits" || item === "learn") agenda.soon(item, pauses[item].next());
    else if (item === "tables") agenda.soon(item, tablesEveryMs);
    else if (item === "lines") agenda.soon(item, afterLines(undefined));
    agenda.soon("whole", watchSweepMs);
  }

  const hearAbort = (): void => {
    options.stop.signal ??= "SIGTERM";
    agenda.close();
  };
  signal.addEventListener("abort", hearAbort, { once: true });
  agenda.soon("whole", 0);
  agenda.soon("clock", clockEveryMs);
  let last: Item | undefined;
  try {
    while (!signal.aborted && options.stop.signal === undefined) {
      await agenda.next();
      const item = signal.aborted ? undefined : agenda.take(orderAfter(last));
      if (item === undefined) continue;
      last = item;
      try {
        await steps[item]();
        if (item !== "lines" && item !== "clock") await notice("fault", undefined);
      } catch (error) {
        await notice("fault", `a sweep failed and is tried again: ${String(error)}`);
        tryAgain(item);
      }
    }
  } finally {
    signal.removeEventListener("abort", hearAbort);
    for (const one of [agenda, exits, glances, reading, directories, servers]) one.close();
  }
  return done;
}
