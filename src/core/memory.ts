import type { Clock } from "./evidence.ts";
import { clockStepMs } from "./policy.ts";

/** What earlier sweeps of this machine remember of one entry, as the ladder sees it. */
export type EntryMemory = {
  /** For how long sweeps of this machine have seen these very bytes, in ms of boot time. */
  readonly seenForMs: number;
  /** The wall clock was stepped while these bytes stood in the file. */
  readonly clockStepped: boolean;
  /** For how long, in ms of awake time, every sweep of this boot has found it dead by absence. */
  readonly absentForMs: number | undefined;
  /** The entry was put back by `restore`, and that still protects it. */
  readonly restored: boolean;
};

export const nothingRemembered: EntryMemory = {
  seenForMs: 0,
  clockStepped: false,
  absentForMs: undefined,
  restored: false,
};

/** What is kept of one entry between sweeps. `digest` stands for its bytes, the value of its heartbeat aside. */
export type Trace = {
  readonly digest: string;
  readonly seenForMs: number;
  readonly clockStepped: boolean;
  /** Awake time of the first of the unbroken looks that found it dead by absence. */
  readonly absentSinceMs: number | undefined;
};

export type Restored = { readonly registry: string; readonly key: string; readonly digest: string; readonly untilMs: number };

/** What one sweep leaves for the next. Kept small: only entries for which it matters have a trace. */
export type Memory = {
  readonly bootId: string | undefined;
  readonly wallMs: number | undefined;
  readonly bootMs: number | undefined;
  readonly awakeMs: number | undefined;
  /** By registry path, then by entry key. */
  readonly traces: ReadonlyMap<string, ReadonlyMap<string, Trace>>;
  /** Boot time of the first of the unbroken sweeps that an app server answered, by address. */
  readonly answeredSinceMs: ReadonlyMap<string, number>;
  readonly restored: readonly Restored[];
};

export const emptyMemory: Memory = {
  bootId: undefined,
  wallMs: undefined,
  bootMs: undefined,
  awakeMs: undefined,
  traces: new Map(),
  answeredSinceMs: new Map(),
  restored: [],
};

/** How this sweep stands to the one before it. */
export type Since = {
  readonly sameBoot: boolean;
  /** Boot time since then, in ms; 0 across boots, for how long a machine was off cannot be known. */
  readonly elapsedMs: number;
  readonly clockStepped: boolean;
};

const valueOf = (clock: Clock, name: keyof Clock): number | undefined => {
  const reading = clock[name];
  return reading.seen ? reading.value : undefined;
};

export function since(memory: Memory, clock: Clock, bootId: string | undefined): Since {
  const [wallMs, bootMs] = [valueOf(clock, "wallMs"), valueOf(clock, "bootMs")];
  const sameBoot = bootId !== undefined && memory.bootId === bootId;
  if (!sameBoot || bootMs === undefined || memory.bootMs === undefined) return { sameBoot, elapsedMs: 0, clockStepped: false };
  const elapsedMs = Math.max(0, bootMs - memory.bootMs);
  const comparable = wallMs !== undefined && memory.wallMs !== undefined;
  const clockStepped = comparable && Math.abs(wallMs - memory.wallMs - elapsedMs) > clockStepMs;
  return { sameBoot, elapsedMs, clockStepped };
}

/** An entry as memory knows it: where it is, and a digest of its bytes that is made only when somebody asks. */
export type Remembered = { readonly registry: string; readonly key: string; readonly digest: () => string };

export function recall(memory: Memory, entry: Remembered, from: Since, clock: Clock): EntryMemory {
  const trace = memory.traces.get(entry.registry)?.get(entry.key);
  const mark = memory.restored.find(({ registry, key }) => registry === entry.registry && key === entry.key);
  if (trace === undefined && mark === undefined) return { ...nothingRemembered, clockStepped: from.clockStepped };
  const digest = entry.digest();
  const same = trace !== undefined && trace.digest === digest;
  const [wallMs, awakeMs] = [valueOf(clock, "wallMs"), valueOf(clock, "awakeMs")];
  const absentSince = same && from.sameBoot ? trace.absentSinceMs : undefined;
  return {
    seenForMs: same ? trace.seenForMs + from.elapsedMs : 0,
    clockStepped: from.clockStepped || (same && trace.clockStepped),
    absentForMs: absentSince === undefined || awakeMs === undefined ? undefined : Math.max(0, awakeMs - absentSince),
    restored: mark !== undefined && mark.digest === digest && (wallMs === undefined || wallMs < mark.untilMs),
  };
}

/** What the next sweep needs to know of an entry; undefined where it can do without. */
export function traceOf(
  entry: Remembered,
  remembered: EntryMemory,
  now: { readonly needsFirstSeen: boolean; readonly absent: boolean; readonly awakeMs: number | undefined },
): Trace | undefined {
  const { seenForMs, clockStepped, absentForMs } = remembered;
  if (!now.needsFirstSeen && !clockStepped && !now.absent) return undefined;
  const absentSinceMs = now.absent && now.awakeMs !== undefined ? now.awakeMs - (absentForMs ?? 0) : undefined;
  return { digest: entry.digest(), seenForMs, clockStepped, absentSinceMs };
}
