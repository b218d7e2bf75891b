/** Returns how many cells of a terminal a text takes: two for a wide character, none for a combining mark. */
export type WidthOf = (text: string) => number;

/** Signs of our own. Where their width is not certain, plainer ones stand for them. */
export type Signs = {
  readonly ellipsis: string;
  /** Between the parts of a line. */
  readonly dot: string;
  /** After a number of equal rows. */
  readonly times: string;
};

/** What is printed on. */
export type Screen = {
  /** Cells in a line; undefined where nothing is to be cut, wrapped or folded: no terminal, or a very narrow one. */
  readonly columns: number | undefined;
  /** People look at it right now. */
  readonly isTerminal: boolean;
  readonly widthOf: WidthOf;
  readonly signs: Signs;
};

const fine: Signs = { ellipsis: "…", dot: "·", times: "×" };
const rough: Signs = { ellipsis: "..", dot: "-", times: "x" };

/** Terminals of these languages may give two cells to characters that Unicode calls ambiguous. */
const wideLanguages = /^(?:ja|ko|zh)(?:[_.@]|$)/i;

/** The signs for a locale, which the first of these variables that is not empty names. */
export function signsIn(env: Readonly<Record<string, string | undefined>>): Signs {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((name) => name !== undefined && name !== "") ?? "C";
  return /utf-?8/i.test(locale) && !wideLanguages.test(locale) ? fine : rough;
}

/** Below this many cells nothing is shortened: a cut row would say too little, and the terminal wraps. */
export const narrowest = 28;

/** What has no width: a pipe, a file, a log. */
export const unlimited: Screen = { columns: undefined, isTerminal: false, widthOf: (text) => text.length, signs: fine };
