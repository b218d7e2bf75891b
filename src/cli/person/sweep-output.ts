import { isJournal } from "../../host/programs/journal-stream.ts";
import { ownHome } from "../../host/files/homes.ts";
import { sweepJson } from "../../report/json.ts";
import type { SweepReport } from "../../report/model/sweep.ts";
import { signsIn } from "../../report/screen/screen.ts";
import { nextLines, sweepWarnings } from "../../report/listing/beside.ts";
import { quietLines } from "../../report/listing/count-line.ts";
import { fieldLine, fieldObject, type Field } from "../../report/listing/fields.ts";
import { firstOf, sweepText } from "../../report/listing/sweep-text.ts";
import { type Palette, visible } from "../../report/visible.ts";
import { isAnyInstalled } from "../../systemd/status/quick-check.ts";
import { stateDirectory } from "../config/paths.ts";
import type { Invocation, OutputOptions } from "../context.ts";
import { writeMessages, type Message } from "../messages.ts";
import { writeDocument, writeLines, writePieces, type Output } from "../output.ts";
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
  readonly fields: readonly Field[] | undefined;
  /** So many entries are shown at most. */
  readonly limit: number;
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
  const isQuiet = options.quiet === true || options.json === true || result.fields !== undefined || isJournal(2, env);
  const isForPerson = stderr.isTTY && !isQuiet;
  const undo = isQuiet ? [] : undoLines(report, stateDirectory(env), signsIn(env));
  const next = isForPerson ? nextLines(report, clockTimes) : [];
  const hints = isForPerson ? hintsFor(result, hasFolded, env) : [];
  await writeMessages(stderr, [...looks, ...undo, ...next, ...warnings, ...hints], options.color);
}

/** The members that were asked for, of each entry that was chosen. */
async function writeFields(
  stdout: Output,
  { command, entries, exitCode }: SweepReport,
  fields: readonly Field[],
  asJson: boolean,
): Promise<void> {
  const chosen = [...entries].filter(({ selected }) => selected);
  if (!asJson)
    return writeLines(
      stdout,
      chosen.map((entry) => fieldLine(entry, fields)),
    );
  const of = command === "list" ? "list" : "sweep";
  await writeDocument(stdout, {
    command: "fields",
    of,
    fields: [...fields],
    entries: chosen.map((entry) => fieldObject(entry, fields)),
    exitCode,
  });
}

/** For a person or a script: the report on stdout, everything else on stderr. */
export async function reportSweep(invocation: Invocation<OutputOptions>, result: SweepResult): Promise<void> {
  const { options, stdout, env } = invocation;
  const { palette, fields, limit } = result;
  const report = limit === Number.POSITIVE_INFINITY ? result.report : { ...result.report, entries: firstOf(result.report, limit) };
  let hasFolded = false;
  if (fields !== undefined) await writeFields(stdout, report, fields, options.json === true);
  else if (options.json === true) await writePieces(stdout, sweepJson(report));
  else if (options.quiet === true) await writeLines(stdout, quietLines(report));
  else {
    const view = { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: options.verbose === true };
    const text = sweepText(report, view);
    hasFolded = text.hasFolded;
    await writeLines(stdout, text.lines);
  }
  await writeBeside(invocation, result, hasFolded);
}
