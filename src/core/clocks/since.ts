import type { Clock } from "../evidence.ts";
import { clockStepMs } from "../policy.ts";

/** The clocks of the last sweep. */
export type LastClocks = {
  readonly bootId: string | undefined;
  readonly wallMs: number | undefined;
  readonly bootMs: number | undefined;
  readonly awakeMs: number | undefined;
};

/** How this sweep stands to the one before it. */
export type Since = {
  readonly sameBoot: boolean;
  /** Awake time since then, in ms; 0 across boots, for how long a machine was off cannot be known. */
  readonly elapsedMs: number;
  /** The wall clock was stepped, or a step cannot be ruled out. */
  readonly clockStepped: boolean;
};

export const valueOf = (clock: Clock, name: keyof Clock): number | undefined => {
  const reading = clock[name];
  return reading.seen ? reading.value : undefined;
};

/**
 * Two sweeps of one boot can tell a step: wall clock and boot clock must have gone on alike. Where a clock could not
 * be read, now or then, a step cannot be ruled out, and to know less must not make an entry older.
 */
export function since(memory: LastClocks, clock: Clock, bootId: string | undefined): Since {
  const [wallMs, bootMs, awakeMs] = [valueOf(clock, "wallMs"), valueOf(clock, "bootMs"), valueOf(clock, "awakeMs")];
  const isFirst = memory.bootId === undefined && memory.wallMs === undefined && memory.bootMs === undefined;
  const sameBoot = bootId !== undefined && memory.bootId === bootId;
  const ranBack = bootMs !== undefined && memory.bootMs !== undefined && bootMs < memory.bootMs;
  const otherBoot = bootId !== undefined && memory.bootId !== undefined ? !sameBoot : ranBack;
  if (isFirst || otherBoot) return { sameBoot: false, elapsedMs: 0, clockStepped: false };
  if (bootMs === undefined || memory.bootMs === undefined) return { sameBoot, elapsedMs: 0, clockStepped: true };
  const sinceThen = bootMs - memory.bootMs;
  const comparable = wallMs !== undefined && memory.wallMs !== undefined;
  const clockStepped = !comparable || Math.abs(wallMs - memory.wallMs - sinceThen) > clockStepMs;
  const awake = awakeMs === undefined || memory.awakeMs === undefined ? 0 : Math.min(sinceThen, awakeMs - memory.awakeMs);
  return { sameBoot, elapsedMs: sameBoot ? Math.max(0, awake) : 0, clockStepped };
}
