import type { Clock, Timekeeping } from "../evidence.ts";
import { noHolders, type ObservedHolder } from "../agents/observed-holders.ts";
import { valueOf, type Since } from "../clocks/since.ts";
import { sleptAtLeast, sleptAtMost } from "../clocks/sleep.ts";
import { nothingRemembered, type EntryMemory, type EntryRecord, type Memory } from "./memory.ts";

const onlyStepped: EntryMemory = { ...nothingRemembered, clockStepped: true };

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
  const isUnreadStill = same && record.unreadBeat === entry.unreadBeat();
  const isStill = isUnreadStill && record.heartbeatAt === entry.heartbeatAt;
  const absentSince = isStill && from.sameBoot ? record.absentSinceMs : undefined;
  return {
    // A heartbeat that is no time tells by its change alone that the entry was written again.
    seenForMs: isUnreadStill ? record.seenForMs + from.elapsedMs : 0,
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
