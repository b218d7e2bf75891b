import { isJournal } from "../../host/programs/journal-stream.ts";
import { ownHome } from "../../host/files/homes.ts";
import { sweepJson } from "../../report/json.ts";
import type { SweepReport } from "../../report/model/sweep.ts";
import { signsIn } from "../../report/screen/screen.ts";
import { nextLines, sweepWarnings } from "../../report/listing/beside.ts";
import { quietLines } from "../../report/listing/count-line.ts";
import { sweepText } from "../../report/listing/sweep-text.ts";
import { type Palette, visible } from "../../report/visible.ts";
import { isAnyInstalled } from "../../systemd/status/quick-check.ts";
import { stateDirectory } from "../config/paths.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { writeMessages, type Message } from "../messages.ts";
import { writeLines, writePieces } from "../output.ts";
import { screenFor } from "../screen.ts";
import { dueHints, type Hint } from "./hints.ts";
import { clockTimes } from "./times.ts";
import { undoLines } from "./undo.ts";

type SweepResult = {
  readonly report: SweepReport;
  readonly named: ReadonlySet<string>;
  /** What could not be recorded, and what the quick check of the timer found. */
  readonly notes: readonly string[];
  /** A user started it, and no timer. */
  readonly isByHand: boolean;
  readonly palette: Palette;
};

/** A note may name several files. */
const longestNote = 1000;

/** What a person could do, as far as it was not said lately. */
function hintsFor({ report, isByHand }: SweepResult, hasFolded: boolean, env: Invocation<OutputOptions>["env"]): readonly Message[] {
  const isEmpty = report.registries.every(({ state }) => state === "missing");
  const isAlone = isByHand && !isEmpty && !isAnyInstalled(env);
  const wanted: readonly Hint[] = [
    ...(isAlone ? (["nothing-sweeps"] as const) : []),
    ...(hasFolded ? (["folded"] as const) : []),
    ...(isEmpty ? (["no-registry"] as const) : []),
  ];
  return dueHints(wanted, stateDirectory(env), { remember: !report.dryRun, nowMs: Date.now() });
}

/** What is said beside the report: in words of the log where it goes to the journal, else for a person. */
async function writeBeside({ options, stderr, env }: Invocation<OutputOptions>, result: SweepResult, hasFolded: boolean): Promise<void> {
  const { report, named, notes } = result;
  const looks: readonly Message[] = options.verbose === true ? report.looks.map((line) => ({ label: "seen", text: visible(line) })) : [];
  const warnings: readonly Message[] = [
    ...sweepWarnings(report, named),
    ...notes.map((line): Message => ({ label: "warning", text: visible(line, longestNote) })),
  ];
  const isQuiet = options.quiet === true || options.json === true || isJournal(2, env);
  const isForPerson = stderr.isTTY && !isQuiet;
  const undo = isQuiet ? [] : undoLines(report, stateDirectory(env), signsIn(env));
  const next = isForPerson ? nextLines(report, clockTimes) : [];
  const hints = isForPerson ? hintsFor(result, hasFolded, env) : [];
  await writeMessages(stderr, [...looks, ...undo, ...next, ...warnings, ...hints], options.color);
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
