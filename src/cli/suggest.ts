import { closest, distance } from "fastest-levenshtein";

/** `; did you mean "x"?` for the nearest of the known words, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(word, known);
  const isNear = distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.floor(nearest.length / 3));
  return isNear ? `; did you mean "${nearest}"?` : "";
}
