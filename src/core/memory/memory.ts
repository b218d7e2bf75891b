import { nothingBusy, type BusyMemory } from "../plan/busy.ts";
import { noHolders, type HeldBy, type ObservedHolder } from "../agents/observed-holders.ts";
import type { ClockMemory } from "../clocks/since.ts";
import { unwatched, type Settling } from "../clocks/settling.ts";
import { noSleepKnown, type SleepRecord } from "../clocks/sleep.ts";
import type { FirstSight } from "../identity/first-sight.ts";
import type { Ending } from "../plan/ending.ts";
import type { RestoredByKey } from "./restored.ts";

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
