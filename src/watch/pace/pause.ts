/** A pause before something is tried again: twice as long after each try, until there is reason to begin anew. */
export type Pause = { readonly next: () => number; readonly reset: () => void };

export function newPause(firstMs: number, longestMs: number): Pause {
  let nextMs = firstMs;
  return {
    next: () => {
      const ms = nextMs;
      nextMs = Math.min(2 * nextMs, longestMs);
      return ms;
    },
    reset: () => {
      nextMs = firstMs;
    },
  };
}
