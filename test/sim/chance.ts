/** Numbers that look random and follow from a seed, so that a history can be told again. */
export type Chance = {
  /** A whole number below `limit`. */
  readonly below: (limit: number) => number;
  /** True once in `times`. */
  readonly oneIn: (times: number) => boolean;
  readonly pick: <T>(values: readonly T[]) => T;
};

export function chanceFrom(seed: number): Chance {
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
  return { below, oneIn: (times) => below(times) === 0, pick: (values) => values[below(values.length)] as (typeof values)[number] };
}
