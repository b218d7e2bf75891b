import { clockStepMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { ProcessId, Senses } from "../host/senses/senses.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import type { Endings, PassOptions } from "../sweep/pass.ts";
import { newDescent } from "./descent.ts";
import { nameOf, newSeen } from "./endings.ts";
import { glance, newGlances } from "./glances.ts";
import { idOf, learn, type Known } from "./holdings.ts";
import { newOwnersUp } from "./owners-up.ts";

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

/** What the wall clock says beside the boot clock, in ms. */
function offsetOf(host: Host): number | undefined {
  const { wallMs, bootMs } = host.clock();
  return wallMs.seen && bootMs.seen ? wallMs.value - bootMs.value : undefined;
}

export function newLookout(host: Host, senses: Senses, options: PassOptions): Lookout {
  const known = new Map<string, Known>();
  const owners = newOwnersUp(host);
  const glances = newGlances();
  const ends = newSeen();
  let agents: readonly ProcessId[] = [];
  let tried: ReadonlySet<string> = new Set();
  const unread = new Set<string>();
  let offsetMs: number | undefined;

  const all = (): readonly Known[] => [...known.values()];
  const processes = (): readonly ProcessId[] => {
    const those = [...agents, ...all().flatMap(({ holdings }) => holdings), ...ends.left()];
    return [...new Map(those.filter((one) => !ends.hasEnded(one)).map((one) => [nameOf(one), one])).values()];
  };
  /** What a holder leaves is asked where one of its entries is young, and what that leaves afterwards. */
  const doLinesMatter = (): boolean => ends.left().length > 0 || all().some(({ holdings }) => holdings.some(({ isYoung }) => isYoung));
  const descent = newDescent(host, senses, { processes, matters: doLinesMatter });

  /** Takes in that processes have ended, each once. */
  function take(ended: readonly ProcessId[]): void {
    const leftBy = descent.lookAfterEnds();
    for (const one of ended) if (!ends.hasEnded(one)) ends.exited(one, all(), leftBy(one));
    // They can end before the next look, and what they leave then is the first one's, too.
    descent.noteLeft(ends.left());
    agents = agents.filter((one) => !ended.some(({ pid }) => pid === one.pid));
  }

  /** Whether an entry claims something that was seen to end and that no sweep has had yet. */
  function isAnyNew(): boolean {
    const now = new Set(ends.concerned(all()).flatMap(({ ends: those }) => those));
    tried = new Set([...tried].filter((one) => now.has(one)));
    return [...now].some((one) => !tried.has(one));
  }

  /**
   * Forgets what is no longer asked for. Of a registry that could not be read now, because it was moved, unmounted or half
   * written, nothing is forgotten: what ends meanwhile is new when it is there again.
   */
  function forgetBut(targets: readonly Target[], areAll: boolean, read: ReadonlySet<string>): void {
    const asked = new Set(targets.map(registryId));
    if (areAll) for (const id of known.keys()) if (!asked.has(id)) known.delete(id);
    for (const id of asked) {
      if (!read.has(id)) unread.add(id);
      else if (unread.delete(id)) tried = new Set([...tried].filter((one) => !one.startsWith(`${id} `)));
    }
  }

  return {
    learn: async (targets, areAll) => {
      if (areAll) offsetMs = offsetOf(host);
      const reading = glances.readingBegins();
      const before = descent.lookBefore();
      const learnt = await learn(host, options, targets);
      descent.noteAlive(
        learnt.known.flatMap(({ holdings }) => holdings),
        before,
      );
      // One that ended while the registries were read is no holder in what was read: its end is known from now on, and not when it is told.
      const over = processes().filter(({ pid, startTicks }) => host.startOfPid(pid) !== startTicks);
      if (over.length > 0) take(over);
      forgetBut(targets, areAll, new Set(learnt.known.map(idOf)));
      for (const one of learnt.known) {
        known.set(idOf(one), glances.added(one, reading));
        owners.note(one);
      }
      agents = learnt.agents;
      if (areAll) ends.forget(all());
      descent.lookAnew();
      return isAnyNew();
    },
    glance: async (target) => {
      const id = registryId(target);
      const add = glances.begin();
      const before = descent.lookBefore();
      const claims = await glance(host, options, target, (pid) => known.get(id)?.recorded.has(pid) !== false);
      const then = known.get(id);
      if (claims === undefined || then === undefined) return;
      descent.noteAlive(claims.holdings, before);
      known.set(id, add(then, claims));
      descent.look((pid) => claims.recorded.has(pid));
    },
    wasClockStepped: () => {
      const nowMs = offsetOf(host);
      return nowMs !== undefined && offsetMs !== undefined && Math.abs(nowMs - offsetMs) > clockStepMs;
    },
    lookAtLines: descent.lookIfAnyStarted,
    doLinesMatter,
    exited: (ended) => {
      const left = new Set(ends.left().map(nameOf));
      const isOfLeft = ended.some((one) => left.has(nameOf(one)));
      take(ended);
      descent.noteIfUnlooked();
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
    processes,
    holders: () => new Set(all().flatMap(({ holdings }) => holdings.map(nameOf))).size,
    hasEntries: (target) => !unread.has(registryId(target)) && (known.get(registryId(target))?.entries ?? 0) > 0,
    endings: ends.endings({ startOfPid: host.startOfPid, ownerUpMs: owners.upMs }),
  };
}
