import { nothingBusy, type BusyMemory } from "./plan/busy.ts";
import type { Clock, Timekeeping } from "./evidence.ts";
import { noHolders, type HeldBy, type ObservedHolder } from "./agents/observed-holders.ts";
import { valueOf, type ClockMemory, type Since } from "./clocks/since.ts";
import { unwatched, type Settling } from "./clocks/settling.ts";
import { noSleepKnown, sleptAtLeast, sleptAtMost, type SleepRecord } from "./clocks/sleep.ts";
import type { FirstSight } from "./identity/first-sight.ts";
import { restoredKeptMs } from "./policy.ts";
import type { Ending } from "./plan/ending.ts";

/** What earlier sweeps of this machine remember of one entry, as the ladder sees it. */
export type EntryMemory = {
  /** For how long sweeps of this machine have seen these very bytes, in ms of awake time. */
  readonly seenForMs: number;
  /** The wall clock was stepped while these bytes stood in the file. */
  readonly clockStepped: boolean;
  /** For how long, in ms of awake time, every sweep of this boot has found it dead by absence. */
  readonly absentForMs: number | undefined;
  /** The entry was put back by `restore`, and that still protects it. */
  readonly restored: boolean;
  /** The longest time between two of its heartbeats that sweeps have seen, known sleep taken off, in ms; 0 where they saw no two. */
  readonly longestGapMs: number;
  /** How long ago, in ms of awake time, sweeps last saw its heartbeat change; undefined where they never did. */
  readonly stillForMs: number | undefined;
  /** The processes that showed what it claims. */
  readonly holders: readonly ObservedHolder[];
  readonly firstSight: FirstSight | undefined;
  /** What this run itself has seen happen to it. */
  readonly ending: Ending | undefined;
};

export const nothingRemembered: EntryMemory = {
  seenForMs: 0,
  clockStepped: false,
  absentForMs: undefined,
  restored: false,
  longestGapMs: 0,
  stillForMs: undefined,
  holders: noHolders,
  firstSight: undefined,
  ending: undefined,
};
const onlyStepped: EntryMemory = { ...nothingRemembered, clockStepped: true };

/** What is kept of one entry between sweeps. `digest` stands for its bytes, the value of its heartbeat aside. */
export type EntryRecord = {
  readonly digest: string;
  readonly seenForMs: number;
  readonly clockStepped: boolean;
  /** Awake time of the first of the unbroken looks that found it dead by absence. */
  readonly absentSinceMs: number | undefined;
  /** The heartbeat that the last sweep read there, epoch ms; or a digest of one that is no time. */
  readonly heartbeatAt: number | undefined;
  readonly unreadBeat: string | undefined;
  readonly longestGapMs: number;
  readonly stillForMs: number | undefined;
  /** The processes that showed it, and what it claimed then; undefined where none is known. */
  readonly held: HeldBy | undefined;
};

/** An entry that was put back: it is left alone while its bytes have this digest, until a wall time in epoch ms. */
export type Restored = { readonly registry: string; readonly key: string; readonly digest: string; readonly untilMs: number };

/** Entries that were put back, by the path of their registry, then by key. */
export type RestoredByKey = ReadonlyMap<string, ReadonlyMap<string, Restored>>;

/** Of two marks of one entry the later one counts. */
export function restoredByKey(marks: Iterable<Restored>): RestoredByKey {
  const byRegistry = new Map<string, Map<string, Restored>>();
  for (const mark of marks) {
    byRegistry.set(mark.registry, (byRegistry.get(mark.registry) ?? new Map<string, Restored>()).set(mark.key, mark));
  }
  return byRegistry;
}

export const restoredIn = (marks: RestoredByKey): readonly Restored[] => [...marks.values()].flatMap((marked) => [...marked.values()]);

/** What one sweep leaves for the next. Kept small: only entries for which it matters have a record. */
export type Memory = ClockMemory & {
  /** By registry (its format, and where in the file), then by entry key. */
  readonly records: ReadonlyMap<string, ReadonlyMap<string, EntryRecord>>;
  readonly firstSights: ReadonlyMap<string, ReadonlyMap<string, FirstSight>>;
  /** Boot time of the first of the unbroken sweeps that an app server answered, by address. */
  readonly answeredSinceMs: ReadonlyMap<string, number>;
  /** Registries of which an entry's start token was that of its process, with the fields that were declared then. */
  readonly provenTokens: ReadonlyMap<string, string>;
  /** Registries whose owner a sweep has seen up, with the signs that it was known by then. */
  readonly seenOwners: ReadonlyMap<string, string>;
  readonly busy: BusyMemory;
  readonly restored: RestoredByKey;
  readonly sleep: SleepRecord;
  readonly settling: Settling;
  /** Wall time of the first of the unbroken sweeps in which ghosts had to wait for room for their tombstones. */
  readonly roomlessSinceMs: number | undefined;
};

export const emptyMemory: Memory = {
  bootId: undefined,
  wallMs: undefined,
  bootMs: undefined,
  awakeMs: undefined,
  records: new Map(),
  firstSights: new Map(),
  answeredSinceMs: new Map(),
  provenTokens: new Map(),
  seenOwners: new Map(),
  busy: nothingBusy,
  steppedAtMs: undefined,
  restored: new Map(),
  sleep: noSleepKnown,
  settling: unwatched,
  roomlessSinceMs: undefined,
};

/** An entry as memory knows it: where it is, and a digest of its bytes that is made only when it is needed. */
export type Remembered = {
  /** Its registry's path. */
  readonly registry: string;
  /** What tells its registry from another one at the same path. */
  readonly registryId: string;
  readonly key: string;
  readonly digest: () => string;
  /** The newest usable time that it states, or else its container's, epoch ms. */
  readonly statedAt: number | undefined;
  /** The newest heartbeat that it states, epoch ms; or a digest of one that is no time. */
  readonly heartbeatAt: number | undefined;
  readonly unreadBeat: () => string | undefined;
  /** The session and the name that it claims. */
  readonly heldAs: () => string;
};

/** Can anything be recalled of a registry's entries? Mostly nothing can, and then no entry need be looked for. */
export function remembersAny({ records, restored, steppedAtMs }: Memory, registry: string, from: Since): boolean {
  return from.clockStepped || steppedAtMs !== undefined || restored.size > 0 || (records.size > 0 && records.has(registry));
}

/** Nothing beats while the machine sleeps. What a stepped clock has dated of that sleep is not taken off. */
function longestGap(record: EntryRecord, now: number | undefined, from: Since, sleeps: Timekeeping["sleeps"]): number {
  const { heartbeatAt, longestGapMs, clockStepped } = record;
  if (heartbeatAt === undefined || now === undefined) return longestGapMs;
  const isDated = sleeps.seen && !clockStepped && !from.clockStepped;
  const sleptMs = isDated ? Math.max(0, sleptAtLeast(sleeps.value, heartbeatAt) - sleptAtMost(sleeps.value, now)) : 0;
  return Math.max(longestGapMs, now - heartbeatAt - sleptMs);
}

/** Since when its heartbeat has stood still, as far as sweeps have seen. A changed one was written since the last of them. */
function stillFor({ heartbeatAt, stillForMs }: EntryRecord, now: number | undefined, elapsedMs: number): number | undefined {
  if (heartbeatAt !== undefined && now !== undefined && heartbeatAt !== now) return 0;
  return stillForMs === undefined ? undefined : stillForMs + elapsedMs;
}

/** The same record, after a sweep that did not look at its entry. */
export function agedRecord(record: EntryRecord, { elapsedMs, clockStepped }: Since): EntryRecord {
  return {
    ...record,
    seenForMs: record.seenForMs + elapsedMs,
    stillForMs: stillFor(record, record.heartbeatAt, elapsedMs),
    clockStepped: record.clockStepped || clockStepped,
  };
}

export function recall(memory: Memory, entry: Remembered, from: Since, clock: Clock, sleeps: Timekeeping["sleeps"]): EntryMemory {
  const record = memory.records.get(entry.registryId)?.get(entry.key);
  const mark = memory.restored.get(entry.registry)?.get(entry.key);
  // Of a step that happened while no sweep could read this entry, only its time tells.
  const maybeStepped = memory.steppedAtMs !== undefined && entry.statedAt !== undefined && entry.statedAt < memory.steppedAtMs;
  if (record === undefined && mark === undefined) return from.clockStepped || maybeStepped ? onlyStepped : nothingRemembered;
  const digest = entry.digest();
  const same = record !== undefined && record.digest === digest;
  const [wallMs, awakeMs] = [valueOf(clock, "wallMs"), valueOf(clock, "awakeMs")];
  // A heart that has beaten since is a reason to begin the looks anew.
  const isStill = same && record.heartbeatAt === entry.heartbeatAt && record.unreadBeat === entry.unreadBeat();
  const absentSince = isStill && from.sameBoot ? record.absentSinceMs : undefined;
  return {
    seenForMs: same ? record.seenForMs + from.elapsedMs : 0,
    clockStepped: from.clockStepped || (same ? record.clockStepped : maybeStepped),
    absentForMs: absentSince === undefined || awakeMs === undefined ? undefined : Math.max(0, awakeMs - absentSince),
    restored: mark !== undefined && mark.digest === digest && (wallMs === undefined || wallMs < mark.untilMs),
    longestGapMs: same ? longestGap(record, entry.heartbeatAt, from, sleeps) : 0,
    stillForMs: same ? stillFor(record, entry.heartbeatAt, from.elapsedMs) : undefined,
    holders: record?.held !== undefined && record.held.as === entry.heldAs() ? record.held.by : noHolders,
    firstSight: undefined,
    ending: undefined,
  };
}

/** What this sweep found of an entry that the next one may need. */
export type Found = {
  readonly needsFirstSeen: boolean;
  readonly absent: boolean;
  readonly beats: boolean;
  readonly holders: readonly ObservedHolder[];
  readonly awakeMs: number | undefined;
};

/** What the next sweep needs to know of an entry; undefined where it can do without. */
export function recordOf(entry: Remembered, remembered: EntryMemory, now: Found): EntryRecord | undefined {
  const { seenForMs, clockStepped, absentForMs, longestGapMs, stillForMs } = remembered;
  if (!now.needsFirstSeen && !clockStepped && !now.absent && !now.beats && now.holders.length === 0) return undefined;
  const absentSinceMs = now.absent && now.awakeMs !== undefined ? now.awakeMs - (absentForMs ?? 0) : undefined;
  const held = now.holders.length === 0 ? undefined : { as: entry.heldAs(), by: now.holders };
  const [digest, heartbeatAt, unreadBeat] = [entry.digest(), entry.heartbeatAt, entry.unreadBeat()];
  return { digest, heartbeatAt, unreadBeat, absentSinceMs, seenForMs, clockStepped, longestGapMs, stillForMs, held };
}

/** Marks whose time is not over. None lasts longer from now than a new one would, or a clock set back would prolong it. */
export function unexpiredMarks(marks: RestoredByKey, wallMs: number | undefined): RestoredByKey {
  if (wallMs === undefined) return marks;
  const left = restoredIn(marks).filter(({ untilMs }) => wallMs < untilMs);
  return restoredByKey(left.map((mark) => ({ ...mark, untilMs: Math.min(mark.untilMs, wallMs + restoredKeptMs) })));
}
