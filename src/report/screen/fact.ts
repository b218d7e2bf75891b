import type { Palette } from "../visible.ts";
import type { Screen } from "./screen.ts";
import { wrap, type Part } from "./wrap.ts";

/** A word before a text, padded to so many cells where the screen has room for that. */
export type Name = { readonly said: string; readonly role?: keyof Palette; readonly cells: number };

/** On a screen of fewer cells a text goes on below its names, and no further to the right. */
const roomy = 50;
const indent = 2;
const shortIndent = 4;
const gap = 2;

/** What something is, behind its name or its names: wrapped below its own start. */
export function fact(names: readonly Name[], text: readonly Part[], screen: Screen, palette: Palette): readonly string[] {
  const isRoomy = (screen.columns ?? roomy) >= roomy;
  const padded = names.map(({ said, role, cells }) => {
    const width = Math.max(isRoomy ? cells : 0, screen.widthOf(said) + gap);
    const blanks = " ".repeat(width - screen.widthOf(said));
    return { width, text: `${role === undefined || said === "" ? said : palette[role](said)}${blanks}` };
  });
  const first = padded.reduce((sum, { width }) => sum + width, indent);
  const lines = wrap(text, { first, hang: isRoomy ? first : shortIndent }, screen, palette);
  const head = padded.map((one) => one.text).join("");
  return lines.map((line, index) => (index === 0 ? `${" ".repeat(indent)}${head}${line}`.trimEnd() : line));
}
