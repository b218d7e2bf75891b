/** A sweep is called by the end of its id, for all of one day begin alike. */
const shortest = 4;

/** The last letters of a sweep's id, as many as tell it from the others. */
export function shortSweepId(id: string, all: Iterable<string>): string {
  const others = [...all].filter((other) => other !== id);
  let length = shortest;
  while (length < id.length && others.some((other) => other.endsWith(id.slice(-length)))) length += 1;
  return id.slice(-length);
}

/** The sweeps that a word means, given all in the order of time: by the whole id, by its last letters, or `last`. */
export function sweepsCalled(word: string, all: readonly string[]): readonly string[] {
  if (all.includes(word)) return [word];
  if (word === "last") return all.slice(-1);
  return word.length < shortest ? [] : all.filter((id) => id.endsWith(word));
}
