import { noLines, outliving, type Line, type Lines } from "../core/harnesses/lines.ts";
import { seen, unseen, type Observed } from "../core/evidence.ts";
import type { Host } from "../host/host.ts";
import type { ProcessId, Senses } from "../host/senses/senses.ts";
import { awakeOf } from "./awake.ts";
import { nameOf } from "./endings.ts";

/** A process with its line, and the number of the last look that found it alive. */
type Alive = { readonly line: Line; readonly aliveAt: number };

/** What looks at the lines are made for. */
export type DescentOptions = {
  /** The processes whose exit matters, of which none is known to have ended. */
  readonly processes: () => readonly ProcessId[];
  /** Whether anything that is known now depends on who started whom. */
  readonly matters: () => boolean;
};

/** Who has started whom, as far as looks at the lines of processes tell; so what a process leaves is known when it ends. */
export type Descent = {
  /** A look for processes that were started since the last one. It is spared where none was, but for one in some. Returns how long it took, in ms. */
  readonly lookIfAnyStarted: () => number | undefined;
  /** A look in which another process may have these pids than the look before found. */
  readonly look: (isDoubted: (pid: number) => boolean) => void;
  /** A look: who is found alive later was alive in it, if it has that process, also if that ends before the next. */
  readonly lookBefore: () => Lines;
  /** These were alive in, or after, that look. */
  readonly noteAlive: (processes: Iterable<ProcessId>, lines: Lines) => void;
  /** A look after some have ended. Returns what each of them has left. */
  readonly lookAfterEnds: () => (ended: ProcessId) => Observed<readonly ProcessId[]>;
  /** These were left by such a one, and can end before the next look. */
  readonly noteLeft: (processes: readonly ProcessId[]) => void;
  /** A look after all registries that were read: what does not matter any more is forgotten. */
  readonly lookAnew: () => void;
  /** No look is made while none matters: the last one is old from then on. */
  readonly noteIfUnlooked: () => void;
};

/** So many looks are spared at most, one after the other. */
const sparedAtMost = 40;

/** Of which pids it may be that another process has them than the look before found. */
const [none, every] = [(): boolean => false, (): boolean => true];

export function newDescent(host: Host, senses: Senses, { processes, matters }: DescentOptions): Descent {
  const alive = new Map<string, Alive>();
  let lines: Lines = noLines;
  let isSeen: Observed<true> = unseen("no look was made");
  let isOld = true;
  let newest: string | undefined;
  let [spared, tookMs]: [number, number | undefined] = [0, 0];

  const isThere = ({ pid, startTicks }: ProcessId): boolean => host.startOfPid(pid) === startTicks;

  function noteAlive(those: Iterable<ProcessId>, { byPid, looks }: Lines): void {
    for (const one of those) {
      const line = byPid.get(one.pid);
      if (line?.startTicks === one.startTicks) alive.set(nameOf(one), { line, aliveAt: looks });
    }
  }

  function look(isDoubted: (pid: number) => boolean): void {
    const from = awakeOf(host);
    // Read before the look: what starts during it is found by the next one.
    newest = senses.lastPid();
    spared = 0;
    isOld = false;
    const looked = senses.lines(lines, (one) => alive.has(nameOf(one)), isDoubted);
    isSeen = looked.seen ? seen(true) : looked;
    if (!looked.seen) return;
    lines = looked.value;
    // A zombie is listed as well: what it left has another parent by now, and would count as seen beside it while it lived.
    noteAlive(processes().filter(isThere), lines);
    const until = awakeOf(host);
    tookMs = from === undefined || until === undefined ? undefined : until - from;
  }

  function leftBy(ended: ProcessId, wasOld: boolean): Observed<readonly ProcessId[]> {
    const before = alive.get(nameOf(ended));
    if (!isSeen.seen) return isSeen;
    if (wasOld) return unseen("no entry was young, so nobody looked at what it had started");
    if (before === undefined) return unseen("it ended before what it had started was looked at");
    return seen(outliving(lines, before.line, before.aliveAt).map(({ pid, startTicks }) => ({ pid, startTicks })));
  }

  function noteIfUnlooked(): void {
    isOld ||= !matters();
  }

  return {
    lookIfAnyStarted: () => {
      if (!matters()) return undefined;
      spared += 1;
      const hasNone = newest !== undefined && !isOld && isSeen.seen && senses.lastPid() === newest;
      if (hasNone && spared <= sparedAtMost) return undefined;
      look(none);
      return tookMs;
    },
    look,
    lookBefore: () => {
      look(none);
      return isSeen.seen ? lines : noLines;
    },
    noteAlive,
    lookAfterEnds: () => {
      const wasOld = isOld;
      look(wasOld ? none : every);
      return (ended) => leftBy(ended, wasOld);
    },
    noteLeft: (left) => {
      if (!isSeen.seen) return;
      noteAlive(
        left.filter((one) => !alive.has(nameOf(one))),
        lines,
      );
    },
    lookAnew: () => {
      look(matters() ? every : none);
      const names = new Set(processes().map(nameOf));
      for (const name of alive.keys()) if (!names.has(name)) alive.delete(name);
      noteIfUnlooked();
    },
    noteIfUnlooked,
  };
}
