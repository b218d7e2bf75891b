import { isJournal } from "../../host/programs/journal-stream.ts";
import { ownHome } from "../../host/files/homes.ts";
import { sweepJson } from "../../report/json.ts";
import type { SweepReport } from "../../report/model/sweep.ts";
import { signsIn } from "../../report/screen/screen.ts";
import { command } from "../../report/screen/wrap.ts";
import { nextLines, sweepWarnings } from "../../report/listing/beside.ts";
import { quietLines } from "../../report/listing/count-line.ts";
import { sweepText } from "../../report/listing/sweep-text.ts";
import { type Palette, visible } from "../../report/visible.ts";
import { stateDirectory } from "../config/paths.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { writeMessages, type Message } from "../messages.ts";
import { writeLines, writePieces } from "../output.ts";
import { screenFor } from "../screen.ts";
import { clockTimes } from "./times.ts";
import { undoLines } from "./undo.ts";

type SweepResult = {
  readonly report: SweepReport;
  readonly named: ReadonlySet<string>;
  /** What could not be recorded, and what the quick check of the timer found. */
  readonly notes: readonly string[];
  readonly palette: Palette;
};

/** A note may name several files. */
const longestNote = 1000;

/** What is said beside the report: in words of the log where it goes to the journal, else for a person. */
async function writeBeside(
  { options, stderr, env }: Invocation<OutputOptions>,
  { report, named, notes }: SweepResult,
  hasFolded: boolean,
): Promise<void> {
  const looks: readonly Message[] = options.verbose === true ? report.looks.map((line) => ({ label: "seen", text: visible(line) })) : [];
  const warnings: readonly Message[] = [
    ...sweepWarnings(report, named),
    ...notes.map((line): Message => ({ label: "warning", text: visible(line, longestNote) })),
  ];
  const isQuiet = options.quiet === true || options.json === true || isJournal(2, env);
  const isForPerson = stderr.isTTY && !isQuiet;
  const undo = isQuiet ? [] : undoLines(report, stateDirectory(env), signsIn(env));
  const next = isForPerson ? nextLines(report, clockTimes) : [];
  const folded: readonly Message[] = isForPerson && hasFolded ? [{ label: "hint", text: [command("-v"), " shows each of them"] }] : [];
  await writeMessages(stderr, [...looks, ...undo, ...next, ...warnings, ...folded], options.color);
}

/** For a person or a script: the report on stdout, everything else on stderr. */
export async function reportSweep(invocation: Invocation<OutputOptions>, result: SweepResult): Promise<void> {
  const { options, stdout, env } = invocation;
  const { report, palette } = result;
  let hasFolded = false;
  if (options.json === true) await writePieces(stdout, sweepJson(report));
  else if (options.quiet === true) await writeLines(stdout, quietLines(report));
  else {
    const view = { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: options.verbose === true };
    const text = sweepText(report, view);
    hasFolded = text.hasFolded;
    await writeLines(stdout, text.lines);
  }
  await writeBeside(invocation, result, hasFolded);
}
