import { isJournal } from "../host/programs/journal-stream.ts";
import type { Level } from "../core/plan/actions.ts";
import { journalLine } from "../report/journal.ts";
import { labelCells, labelled, type Label } from "../report/screen/labelled.ts";
import { wrap, type Part } from "../report/screen/wrap.ts";
import { visible } from "../report/visible.ts";
import { paletteFor, writeLines, type Output } from "./output.ts";
import { screenFor } from "./screen.ts";

type Text = string | readonly Part[];

/** What is said beside a report, and below it what mends it, or what else there is. What comes from elsewhere has been made visible already. */
export type Message = {
  readonly label: Label;
  readonly text: Text;
  readonly below?: readonly Text[];
  /** For the journal, where it is not that of its label. */
  readonly level?: Level;
};

const levels = { error: 3, warning: 4, note: 5, hint: 6, next: 6, undo: 6, refused: 4, seen: 4 } as const satisfies Record<Label, Level>;

const partsOf = (text: Text): readonly Part[] => (typeof text === "string" ? [text] : text);
const plainOf = (text: Text): string =>
  partsOf(text)
    .map((part) => (typeof part === "string" ? part : part.text))
    .join("");

/** The journal has a line for each thought, with its level, and shows by itself who speaks. */
function journalLines({ label, text, below = [], level = levels[label] }: Message): readonly string[] {
  const said = label === "error" || label === "note" || label === "seen" ? "" : `${label}: `;
  return [`${said}${plainOf(text)}`, ...below.map(plainOf)].map((line) => journalLine(level, `sessreap: ${line}`));
}

/** Says what is no part of a report, each under its label. */
export async function writeMessages(to: Output, messages: readonly Message[], color = "auto"): Promise<void> {
  if (messages.length === 0) return;
  if (isJournal(to.fd, process.env)) return writeLines(to, messages.flatMap(journalLines));
  const [screen, palette] = [await screenFor(to, process.env), await paletteFor(to, color)];
  const layout = { first: labelCells, hang: labelCells };
  const lines = messages.flatMap(({ label, text, below = [] }) => [
    ...labelled(label, partsOf(text), screen, palette),
    ...below.flatMap((one) =>
      wrap(partsOf(one), layout, screen, palette).map((line, index) => (index === 0 ? " ".repeat(labelCells) : "") + line),
    ),
  ]);
  await writeLines(to, lines);
}

/** Says what did not keep a command from its work. */
export function writeWarnings(to: Output, warnings: readonly string[]): Promise<void> {
  return writeMessages(
    to,
    warnings.map((warning) => ({ label: "warning", text: visible(warning) })),
  );
}
