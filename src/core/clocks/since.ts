import type { Clock, Here } from "../evidence.ts";
import { clockStepMs } from "../policy.ts";

/** The clocks of the last sweep, and what earlier ones noticed of the wall clock. */
export type ClockMemory = {
  /** By what its boot clock and its awake clock counted, as `countedBy` says. */
  readonly bootId: string | undefined;
  readonly wallMs: number | undefined;
  readonly bootMs: number | undefined;
  readonly awakeMs: number | undefined;
  /** Up to which wall time another clock may have told the times. */
  readonly steppedAtMs: number | undefined;
};

/** How this sweep stands to the one before it. */
export type Since = {
  readonly sameBoot: boolean;
  /** Awake time since then, in ms; 0 across boots, for how long a machine was off cannot be known. */
  readonly elapsedMs: number;
  /** The wall clock was stepped, or a step cannot be ruled out. */
  readonly clockStepped: boolean;
};

/** Which time namespaces count as the kernel does: its own (time_namespaces(7)), and that of a kernel which knows of none. */
const ofKernel: ReadonlySet<string> = new Set(["time:[4026531834]", "none"]);

/** By what the boot clock and the awake clock count: the boot's id, and the time namespace where it counts from another moment. */
export function countedBy({ bootId, timeNamespace }: Here): string | undefined {
  if (!bootId.seen) return undefined;
  return timeNamespace?.seen !== true || ofKernel.has(timeNamespace.value) ? bootId.value : `${bootId.value} ${timeNamespace.value}`;
}

export const valueOf = (clock: Clock, name: keyof Clock): number | undefined => {
  const reading = clock[name];
  return reading.seen ? reading.value : undefined;
};

/**
 * Across boots only a clock that runs back shows that it was wrong, before or now. One that had not yet caught up with what
 * an earlier one had said may have been set right since, while the machine was off.
 */
function isOtherClock({ wallMs: last, steppedAtMs }: ClockMemory, wallMs: number | undefined): boolean {
  if (wallMs === undefined || last === undefined) return true;
  return wallMs < last - clockStepMs || (steppedAtMs !== undefined && last < steppedAtMs);
}

/**
 * Two sweeps of one boot can tell a step: wall clock and boot clock must have gone on alike. Where a clock could not
 * be read, now or then, a step cannot be ruled out, and to know less must not make an entry older.
 */
export function since(memory: ClockMemory, clock: Clock, bootId: string | undefined): Since {
  const [wallMs, bootMs, awakeMs] = [valueOf(clock, "wallMs"), valueOf(clock, "bootMs"), valueOf(clock, "awakeMs")];
  const isFirst = memory.bootId === undefined && memory.wallMs === undefined && memory.bootMs === undefined;
  const sameBoot = bootId !== undefined && memory.bootId === bootId;
  const ranBack = bootMs !== undefined && memory.bootMs !== undefined && bootMs < memory.bootMs;
  const otherBoot = bootId !== undefined && memory.bootId !== undefined ? !sameBoot : ranBack;
  if (isFirst) return { sameBoot: false, elapsedMs: 0, clockStepped: false };
  const otherClock = !sameBoot && isOtherClock(memory, wallMs);
  if (otherBoot) return { sameBoot, elapsedMs: 0, clockStepped: otherClock };
  if (bootMs === undefined || memory.bootMs === undefined) return { sameBoot, elapsedMs: 0, clockStepped: true };
  const sinceThen = bootMs - memory.bootMs;
  const comparable = wallMs !== undefined && memory.wallMs !== undefined;
  const clockStepped = otherClock || !comparable || Math.abs(wallMs - memory.wallMs - sinceThen) > clockStepMs;
  const awake = awakeMs === undefined || memory.awakeMs === undefined ? 0 : Math.min(sinceThen, awakeMs - memory.awakeMs);
  return { sameBoot, elapsedMs: sameBoot ? Math.max(0, awake) : 0, clockStepped };
}

/**
 * Up to which wall time another clock may have told the times, as of this sweep. A clock that ran back may be the wrong one,
 * so all that it can say before it has caught up is in doubt. One that the kernel calls synchronised is right from now on.
 */
export function steppedUntil(
  memory: ClockMemory,
  { clockStepped }: Since,
  wallMs: number | undefined,
  synchronised: boolean,
): number | undefined {
  const known = [memory.steppedAtMs, ...(clockStepped ? [memory.wallMs, wallMs] : [])].filter((at) => at !== undefined);
  if (known.length === 0) return undefined;
  const latest = Math.max(...known);
  return synchronised && wallMs !== undefined ? Math.min(latest, wallMs) : latest;
}
