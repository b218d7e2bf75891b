/** C0, DEL, C1, direction overrides, line separators and lone surrogates: what a terminal or a log would act upon. */
const hidden =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Most texts are nothing but this, and need no closer look. */
const harmless = /^[ -~]*$/;

/** A key or a path longer than this, in characters, is cut: nobody reads it, and it would hide its neighbours. */
const longest = 200;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Text from a registry or an argv, safe to print: nothing in it moves a cursor, ends a line or hides a letter. Cut at `limit`. */
export function visible(text: string, limit = longest): string {
  const shown = harmless.test(text) ? text : text.replace(hidden, escaped);
  if (shown.length <= limit) return shown;
  // Never between the two halves of one character.
  return `${shown.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
