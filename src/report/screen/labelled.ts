import type { Palette } from "../visible.ts";
import type { Screen } from "./screen.ts";
import { wrap, type Part } from "./wrap.ts";

/** What a line beside the report is about, and in which role its label is printed. */
const roles = {
  undo: "strong",
  next: "strong",
  note: "faint",
  hint: "faint",
  warning: "undecided",
  error: "problem",
  refused: "problem",
  seen: "faint",
} as const satisfies Record<string, keyof Palette>;

export type Label = keyof typeof roles;

export const labelCells = 8;

/** A line beside the report: its label, and the text behind it, wrapped below its own start. */
export function labelled(label: Label, parts: readonly Part[], screen: Screen, palette: Palette): readonly string[] {
  const lines = wrap(parts, { first: labelCells, hang: labelCells }, screen, palette);
  return lines.map((line, index) =>
    index === 0 ? `${palette[roles[label]](label)}${" ".repeat(labelCells - label.length)}${line}` : line,
  );
}
