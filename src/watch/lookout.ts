import { noLines, outliving, type Line, type Lines } from "../core/harnesses/lines.ts";
import { seen, unseen, type Observed } from "../core/evidence.ts";
import { clockStepMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { ProcessId, Senses } from "../host/senses/senses.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import type { Endings, PassOptions } from "../sweep/pass.ts";
import { nameOf, newSeen } from "./endings.ts";
import { glance, newGlances } from "./glances.ts";
import { learn, type Known } from "./holdings.ts";

/** Since when each look has found an owner up, and as which processes. */
type OwnerUp = { readonly pids: string; readonly sinceMs: number };

/** A process with its line, and the number of the last look that found it alive. */
type Alive = { readonly line: Line; readonly aliveAt: number };

/** What a run that stays up knows of registries and processes, and what it has seen end. */
export type Lookout = {
  /** Reads these registries anew; if they are all, others are forgotten. Returns whether one of them claims something that was seen to end and that no sweep has had yet. */
  readonly learn: (targets: readonly Target[], areAll: boolean) => Promise<boolean>;
  /** Processes that were started since the last such look. It is not made where none was, but for one in some. Returns how long it took, in ms. */
  readonly lookAtLines: () => number | undefined;
  /** Reads a registry that has changed for holders that are not known yet, also while anything else is done. */
  readonly glance: (target: Target) => Promise<void>;
  /** Whether the wall clock was stepped since all registries were read: what was old then can count as young now. */
  readonly wasClockStepped: () => boolean;
  /** Whether anything that is known now depends on who started whom. */
  readonly doLinesMatter: () => boolean;
  /** Takes in that processes have ended. Returns what that is to lead to. */
  readonly exited: (ended: readonly ProcessId[]) => { readonly holder: boolean; readonly agent: boolean };
  readonly closed: (url: string, id: string) => boolean;
  readonly reopened: (url: string, id: string | undefined) => void;
  /** The registries that claim something that was seen to end; a sweep has it from now on. */
  readonly takeConcerned: () => readonly Target[];
  /** Everything whose exit matters. */
  readonly processes: () => readonly ProcessId[];
  readonly holders: () => number;
  /** Whether the last reading of a registry found entries there. */
  readonly hasEntries: (target: Target) => boolean;
  readonly endings: Endings;
};

/** So many looks at the lines are spared at most, one after the other. */
const sparedAtMost = 40;

/** What the wall clock says beside the boot clock, in ms. */
function offsetOf(host: Host): number | undefined {
  const { wallMs, bootMs } = host.clock();
  return wallMs.seen && bootMs.seen ? wallMs.value - bootMs.value : undefined;
}

/** Of which pids it may be that another process has them than the look before found. */
const [none, every] = [(): boolean => false, (): boolean => true];

/** By the awake clock, in ms; undefined where that cannot be read. */
export const awakeOf = (host: Host): number | undefined => {
  const { awakeMs } = host.clock();
  return awakeMs.seen ? awakeMs.value : undefined;
};

export function newLookout(host: Host, senses: Senses, options: PassOptions): Lookout {
  const known = new Map<string, Known>();
  const owners = new Map<string, OwnerUp>();
  const alive = new Map<string, Alive>();
  const glances = newGlances();
  const ends = newSeen();
  let lines: Lines = noLines;
  let areLinesSeen: Observed<true> = unseen("no look was made");
  let newest: string | undefined;
  let areLinesOld = true;
  let [spared, tookMs]: [number, number | undefined] = [0, 0];
  let agents: readonly ProcessId[] = [];
  let tried: ReadonlySet<string> = new Set();
  let offsetMs: number | undefined;

  const all = (): readonly Known[] => [...known.values()];
  const isThere = ({ pid, startTicks }: ProcessId): boolean => host.startOfPid(pid) === startTicks;
  const byName = (): ReadonlyMap<string, ProcessId> =>
    new Map(
      [...agents, ...all().flatMap(({ holdings }) => holdings), ...ends.left()]
        .filter((one) => !ends.hasEnded(one))
        .map((one) => [nameOf(one), one]),
    );

  function lookAtLines(isDoubted: (pid: number) => boolean): void {
    const from = awakeOf(host);
    // Read before the look: what starts during it is found by the next one.
    newest = senses.lastPid();
    spared = 0;
    areLinesOld = false;
    const looked = senses.lines(lines, (one) => alive.has(nameOf(one)), isDoubted);
    areLinesSeen = looked.seen ? seen(true) : looked;
    if (!looked.seen) return;
    lines = looked.value;
    // A zombie is listed as well: what it left has another parent by now, and would count as seen beside it while it lived.
    noteAlive([...byName().values()].filter(isThere), lines);
    const until = awakeOf(host);
    tookMs = from === undefined || until === undefined ? undefined : until - from;
  }
  /** These were alive in, or after, a look at the lines. */
  function noteAlive(processes: Iterable<ProcessId>, { byPid, looks }: Lines): void {
    for (const one of processes) {
      const line = byPid.get(one.pid);
      if (line?.startTicks === one.startTicks) alive.set(nameOf(one), { line, aliveAt: looks });
    }
  }
  /** Who is found alive later was alive in this look, if that has it, also if it ends before the next. */
  function linesBefore(): Lines {
    lookAtLines(none);
    return areLinesSeen.seen ? lines : noLines;
  }
  /** What a holder leaves is asked where one of its entries is young, and what that leaves afterwards. */
  const doLinesMatter = (): boolean => ends.left().length > 0 || all().some(({ holdings }) => holdings.some(({ isYoung }) => isYoung));

  function lookIfAnyStarted(): number | undefined {
    if (!doLinesMatter()) return undefined;
    spared += 1;
    const hasNone = newest !== undefined && !areLinesOld && areLinesSeen.seen && senses.lastPid() === newest;
    if (hasNone && spared <= sparedAtMost) return undefined;
    lookAtLines(none);
    return tookMs;
  }

  /** No look is made while none matters. */
  function noteIfUnlooked(): void {
    areLinesOld ||= !doLinesMatter();
  }

  function leftBy(ended: ProcessId, wereLinesOld: boolean): Observed<readonly ProcessId[]> {
    const before = alive.get(nameOf(ended));
    if (!areLinesSeen.seen) return areLinesSeen;
    if (wereLinesOld) return unseen("no entry was young, so nobody looked at what it had started");
    if (before === undefined) return unseen("it ended before what it had started was looked at");
    return seen(outliving(lines, before.line, before.aliveAt).map(({ pid, startTicks }) => ({ pid, startTicks })));
  }

  /** Takes in that processes have ended, each once. */
  function take(ended: readonly ProcessId[]): void {
    const wereLinesOld = areLinesOld;
    lookAtLines(wereLinesOld ? none : every);
    for (const one of ended) if (!ends.hasEnded(one)) ends.exited(one, all(), leftBy(one, wereLinesOld));
    // They can end before the next look, and what they leave then is the first one's, too.
    if (areLinesSeen.seen)
      noteAlive(
        ends.left().filter((one) => !alive.has(nameOf(one))),
        lines,
      );
    agents = agents.filter((one) => !ended.some(({ pid }) => pid === one.pid));
  }

  /** Whether an entry claims something that was seen to end and that no sweep has had yet. */
  function isAnyNew(): boolean {
    const now = new Set(ends.concerned(all()).flatMap(({ ends: those }) => those));
    tried = new Set([...tried].filter((one) => now.has(one)));
    return [...now].some((one) => !tried.has(one));
  }

  function noteOwner({ target, owner }: Known, nowMs: number | undefined): void {
    const id = registryId(target);
    const pids = owner.pids.join(" ");
    const before = owners.get(id);
    if (!owner.up || nowMs === undefined) owners.delete(id);
    else if (before?.pids !== pids) owners.set(id, { pids, sinceMs: nowMs });
  }

  function ownerUpMs(id: string): number | undefined {
    const [since, nowMs] = [owners.get(id), awakeOf(host)];
    return since === undefined || nowMs === undefined ? undefined : nowMs - since.sinceMs;
  }

  return {
    learn: async (targets, areAll) => {
      if (areAll) offsetMs = offsetOf(host);
      const reading = glances.readingBegins();
      const before = linesBefore();
      const learnt = await learn(host, options, targets);
      noteAlive(
        learnt.known.flatMap(({ holdings }) => holdings),
        before,
      );
      // One that ended while the registries were read is no holder in what was read: its end is known from now on, and not when it is told.
      const over = [...byName().values()].filter((one) => !isThere(one));
      if (over.length > 0) take(over);
      if (areAll) known.clear();
      else for (const target of targets) known.delete(registryId(target));
      const nowMs = awakeOf(host);
      for (const one of learnt.known) {
        known.set(registryId(one.target), glances.added(one, reading));
        noteOwner(one, nowMs);
      }
      agents = learnt.agents;
      if (areAll) ends.forget(all());
      lookAtLines(doLinesMatter() ? every : none);
      const names = byName();
      for (const name of alive.keys()) if (!names.has(name)) alive.delete(name);
      noteIfUnlooked();
      return isAnyNew();
    },
    glance: async (target) => {
      const id = registryId(target);
      const add = glances.begin();
      const before = linesBefore();
      const claims = await glance(host, options, target, (pid) => known.get(id)?.recorded.has(pid) !== false);
      const then = known.get(id);
      if (claims === undefined || then === undefined) return;
      noteAlive(claims.holdings, before);
      known.set(id, add(then, claims));
      lookAtLines((pid) => claims.recorded.has(pid));
    },
    wasClockStepped: () => {
      const nowMs = offsetOf(host);
      return nowMs !== undefined && offsetMs !== undefined && Math.abs(nowMs - offsetMs) > clockStepMs;
    },
    lookAtLines: lookIfAnyStarted,
    doLinesMatter,
    exited: (ended) => {
      const left = new Set(ends.left().map(nameOf));
      const isOfLeft = ended.some((one) => left.has(nameOf(one)));
      take(ended);
      noteIfUnlooked();
      const holder = isOfLeft || isAnyNew();
      return { holder, agent: !holder };
    },
    closed: (url, id) => {
      ends.closed(url, id);
      return all().some(({ sessions }) => sessions.has(id));
    },
    reopened: ends.reopened,
    takeConcerned: () => {
      const concerned = ends.concerned(all());
      tried = new Set(concerned.flatMap(({ ends: those }) => those));
      return concerned.map(({ target }) => target);
    },
    processes: () => [...byName().values()],
    holders: () => new Set(all().flatMap(({ holdings }) => holdings.map(nameOf))).size,
    hasEntries: (target) => (known.get(registryId(target))?.entries ?? 0) > 0,
    endings: ends.endings({ startOfPid: host.startOfPid, ownerUpMs }),
  };
}
