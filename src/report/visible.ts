/** Most texts are nothing but this, and need no closer look. */
const harmless = /^[ -~]*$/;

/** A key or a path longer than this, in characters, is cut: it would hide its neighbours. */
const longest = 200;

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length > 4) return `\\u{${code}}`;
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
}

/**
 * C0, DEL, C1, direction overrides, line separators and lone surrogates: what a terminal or a log would act upon. And
 * every other character that is never seen, tags and fillers among them, for they would make two keys look alike. V8 asks ICU for these
 * classes when the expression is made, which takes a hundredth of a bare start, so it is made where it is needed.
 */
function showHidden(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u2065\u3164\uffa0]/gu, escaped);
}

/** Text from a registry or an argv, safe to print: nothing in it moves a cursor, ends a line or hides a letter. Cut at `limit`. */
export function visible(text: string, limit = longest): string {
  const shown = harmless.test(text) ? text : showHidden(text);
  if (shown.length <= limit) return shown;
  // Never between the two halves of one character.
  return `${shown.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** What a colour means; made once per stream. Without colour every style leaves its text alone. */
export type Palette = {
  readonly ghost: (text: string) => string;
  readonly undecided: (text: string) => string;
  readonly live: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly problem: (text: string) => string;
  /** What can be typed. */
  readonly command: (text: string) => string;
};

const same = (text: string): string => text;

export const plain: Palette = { ghost: same, undecided: same, live: same, faint: same, strong: same, problem: same, command: same };
