import { formatDuration } from "../duration.ts";
import { seen, unseen, type Clock, type Observed } from "../evidence.ts";
import { secondLookMs, settledAfterMs, settledHereMs } from "../policy.ts";

/**
 * How far the clock has been tried since the machine was booted or woken. A clock without a battery, or one that was not
 * set right, makes everything old at once, until the network corrects it.
 */
export type Settling = {
  /** For how long, in ms of awake time, sweeps have watched it; boots that were too short for the whole hour add up. */
  readonly watchedMs: number;
  /** Awake time of the first sweep, since then, by which it had been tried enough. */
  readonly settledAtMs: number | undefined;
};

export const unwatched: Settling = { watchedMs: 0, settledAtMs: undefined };

/** How the last sweep stands to this one: what it left, and whether the machine was booted or woken, or its clock stepped, since. */
export type Stretch = {
  readonly before: Settling;
  readonly awakeMs: number | undefined;
  readonly isUnbroken: boolean;
  readonly clockStepped: boolean;
};

/**
 * What a new boot takes over: nothing where the one before had time for two looks, else all but ten minutes. A
 * clock that came up wrong is mostly set right within minutes, and must not condemn before.
 */
function carriedOver({ before: { watchedMs, settledAtMs }, awakeMs }: Stretch): number {
  const isUsed = settledAtMs !== undefined && awakeMs !== undefined && awakeMs - settledAtMs >= secondLookMs;
  return isUsed ? 0 : Math.min(watchedMs, settledAfterMs - settledHereMs);
}

/** How far it is tried as of this sweep. `synchronised`: the kernel says that the clock is set by a better one. */
export function settlingAt(stretch: Stretch, awakeMs: Clock["awakeMs"], synchronised: boolean): Settling {
  const { before, awakeMs: last, isUnbroken, clockStepped } = stretch;
  // What was set right was wrong before: how long that has been watched says nothing, in this boot or the next.
  if (clockStepped) return { watchedMs: 0, settledAtMs: awakeMs.seen && synchronised ? awakeMs.value : undefined };
  const passed = isUnbroken && awakeMs.seen && last !== undefined ? Math.max(0, awakeMs.value - last) : 0;
  const watchedMs = (isUnbroken ? before.watchedMs : carriedOver(stretch)) + passed;
  const already = isUnbroken ? before.settledAtMs : undefined;
  const isTried = awakeMs.seen && (watchedMs >= settledAfterMs || synchronised);
  return { watchedMs, settledAtMs: already ?? (isTried ? awakeMs.value : undefined) };
}

/** Whether the clock has been tried enough for the TTL and for the age of tombstones. */
export function isSettled({ watchedMs, settledAtMs }: Settling, sleep: Observed<unknown>): Observed<true> {
  if (!sleep.seen) return sleep;
  if (settledAtMs !== undefined) return seen(true);
  const after = `${formatDuration(settledAfterMs)} awake after a boot or a sleep`;
  return unseen(`the clock is relied on ${after}, of which sweeps have seen ${formatDuration(watchedMs)}`);
}
