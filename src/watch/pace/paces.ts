/** What ends together is swept together: so long, in ms, the first exit waits for others. */
export const gatherMs = 20;

/**
 * A run lock that another sweep holds, and a registry that was busy, are tried again after so many ms, a whole sweep and what
 * failed later; then after twice as many.
 */
export const [retryMs, wholeRetryMs] = [250, 3_000];

/** An agent that no entry records has ended: what hangs on it is judged by a whole sweep, after so many ms. */
export const afterAgentMs = 10_000;

const between = (least: number, ms: number | undefined, most: number): number => Math.min(most, Math.max(least, ms ?? most));

/** After so many ms it is looked again who has been started by whom: the look is to cost little, and what starts before an exit raises doubts. */
export const afterLines = (tookMs: number | undefined): number => between(250, tookMs === undefined ? undefined : 300 * tookMs, 1_000);

/** A change of a registry is read after so many ms. */
export const afterLearning = (tookMs: number | undefined): number => between(20, tookMs === undefined ? undefined : 2 * tookMs, 1_000);

/** Registries that have changed again before the rest after each reading was over, for so many ms, are in a flood. */
export const floodMs = 10_000;

/** The rows of this machine on a server are read so often, in ms: it says by itself nothing of new ones. */
export const tablesEveryMs = 10_000;

/** It is asked so often, in ms, whether the clock was stepped, for the kernel does not say so. */
export const clockEveryMs = 5_000;

/** After so many ms a registry that goes on changing is looked at for new holders again. */
export const afterGlance = (tookMs: number): number => between(5, 4 * tookMs, 1_000);
