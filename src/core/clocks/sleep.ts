import { seen, type Clock, type Observed, type Sleep } from "../evidence.ts";

/** What sweeps know of this machine's sleep: how much of it in which boot, when that was last noticed, and every sleep. */
export type SleepRecord = {
  readonly bootId: string | undefined;
  /** How long the machine had slept since it was booted, ms. */
  readonly ms: number;
  /** Wall time of the last look that could tell. */
  readonly atMs: number | undefined;
  readonly sleeps: readonly Sleep[];
};

export const noSleepKnown: SleepRecord = { bootId: undefined, ms: 0, atMs: undefined, sleeps: [] };

/** The two clocks are not read in one instant: what they differ by below this is no sleep. */
const shortestSleepMs = 10_000;

/** Sleeps of one day are kept as one, and of older ones the oldest two become one. */
const dayMs = 86_400_000;
const mostSleeps = 64;

function join(one: Sleep, next: Sleep): Sleep {
  return { fromMs: Math.min(one.fromMs, next.fromMs), untilMs: Math.max(one.untilMs, next.untilMs), ms: one.ms + next.ms };
}

function withSleep(sleeps: readonly Sleep[], sleep: Sleep): readonly Sleep[] {
  const last = sleeps.at(-1);
  const isSameDay = last !== undefined && Math.floor(last.untilMs / dayMs) === Math.floor(sleep.untilMs / dayMs);
  const all = isSameDay ? [...sleeps.slice(0, -1), join(last, sleep)] : [...sleeps, sleep];
  const [first, second, ...others] = all;
  return all.length > mostSleeps && first !== undefined && second !== undefined ? [join(first, second), ...others] : all;
}

/**
 * The sleep that is known now. The boot clock runs on while the machine sleeps and the awake clock does not, so what they
 * differ by is all sleep of this boot; what is more than before was slept since the last look. Without a boot id it may
 * all be new, which makes nothing older.
 */
export function sleepUntil(known: SleepRecord, { wallMs, bootMs, awakeMs }: Clock, bootId: string | undefined): Observed<SleepRecord> {
  if (!wallMs.seen) return wallMs;
  if (!bootMs.seen) return bootMs;
  if (!awakeMs.seen) return awakeMs;
  const nowMs = wallMs.value;
  const isSameBoot = bootId !== undefined && known.bootId === bootId;
  const before = isSameBoot ? known.ms : 0;
  const ms = bootMs.value - awakeMs.value - before;
  // A sleep that a clock in the future has dated would be taken off the age of everything to come. It was before now.
  const datedBack = ({ fromMs, ms: slept }: Sleep): Sleep => ({ fromMs: Math.min(fromMs, nowMs - slept), untilMs: nowMs, ms: slept });
  const sleeps = known.sleeps.map((sleep) => (sleep.untilMs <= nowMs ? sleep : datedBack(sleep)));
  if (ms < shortestSleepMs) return seen({ bootId, ms: before, atMs: nowMs, sleeps });
  const lookedAt = (isSameBoot ? known.atMs : undefined) ?? nowMs - bootMs.value;
  const sleep: Sleep = { fromMs: Math.min(lookedAt, nowMs - ms), untilMs: nowMs, ms };
  return seen({ bootId, ms: before + ms, atMs: nowMs, sleeps: withSleep(sleeps, sleep) });
}

/** How much of the time since `at` (epoch ms) the machine can have slept, in ms. */
export function sleptAtMost(sleeps: readonly Sleep[], at: number): number {
  return sleeps.reduce((sum, { untilMs, ms }) => sum + Math.min(ms, Math.max(0, untilMs - at)), 0);
}

/** How much of the time since `at` (epoch ms) the machine has slept, whenever within each span it did, in ms. */
export function sleptAtLeast(sleeps: readonly Sleep[], at: number): number {
  return sleeps.reduce((sum, { fromMs, ms }) => sum + Math.max(0, ms - Math.max(0, at - fromMs)), 0);
}
