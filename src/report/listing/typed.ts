import { visible } from "../visible.ts";

/** What a shell takes as it stands. */
const plainWord = /^[\w@%+:,./=\u00a1-\uffff-]+$/;

/** A name as it can be typed into a shell. What would move a cursor is typed as it is shown. */
export function typed(name: string): string {
  const shown = visible(name, Number.POSITIVE_INFINITY);
  return plainWord.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command line with a name as its last word, which may begin like an option. */
export function lineWith(line: string, name: string): string {
  return `sessreap ${line} ${name.startsWith("-") ? "-- " : ""}${typed(name)}`;
}
