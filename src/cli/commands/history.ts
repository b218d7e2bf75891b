import { matchesName } from "../../core/agents/programs.ts";
import { ownHome } from "../../host/files/homes.ts";
import { readHistory, type HistoryLine } from "../../host/state/history.ts";
import { tombstonedSweeps } from "../../host/state/tombstones.ts";
import { parseDuration } from "../../core/duration.ts";
import { retiredLine } from "../../report/owners-text.ts";
import { actText, historyText, putBackIn } from "../../report/listing/history-text.ts";
import { doneFieldNames, doneRows, fieldLine, fieldObject } from "../../report/listing/fields.ts";
import { fitOf, nameless } from "../../report/listing/resolve.ts";
import { shortSweepId, sweepsCalled } from "../../report/listing/sweep-names.ts";
import type { View } from "../../report/listing/view.ts";
import { command } from "../../report/screen/wrap.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeMessages } from "../messages.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { clockTimes } from "../person/times.ts";
import { readState } from "../prepare.ts";
import { screenFor } from "../screen.ts";
import { fieldsFrom, limitFrom } from "../parsing/fields.ts";
import { checkPlaces, wholePath, stateDirectory } from "../config/paths.ts";
import { didYouMean } from "../suggest.ts";

type HistoryOptions = OutputOptions & {
  readonly limit?: string;
  readonly since?: string;
  readonly key?: string;
  readonly registry?: string;
  readonly fields?: string;
};

/** So many acts are shown unless another number was said. */
const usualLimit = 20;

/** A registry as it is named: by its path, from here or from the home, which may be a pattern. */
function placePattern(text: string): string {
  if (text === "") throw new Failure("usage", "--registry: the path is empty; * is any text");
  return text.startsWith("*") ? text : wholePath(text);
}

/** The time from which on acts are shown, in epoch ms: so long ago, or a day. */
function sinceFrom(text: string | undefined): number {
  if (text === undefined) return Number.NEGATIVE_INFINITY;
  const ago = parseDuration(text);
  if (ago !== undefined) return Date.now() - ago;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00`).getTime() : Number.NaN;
  if (Number.isNaN(day))
    throw new Failure("usage", `--since: "${text}" is neither a duration such as 12h or 7d nor a day such as 2026-11-20`);
  return day;
}

/** The acts that were asked for, the oldest first. */
function wanted(sweeps: readonly HistoryLine[], { since, key, registry }: HistoryOptions): readonly HistoryLine[] {
  const from = sinceFrom(since);
  const recent = sweeps.filter(({ at }) => !(Date.parse(at) < from));
  if (key === undefined && registry === undefined) return recent;
  const place = registry === undefined ? undefined : placePattern(registry);
  return recent.flatMap((act) => {
    const entries = act.entries.filter(({ key: own, tombstone, registry: path }) => {
      if (place !== undefined && !matchesName(path, place)) return false;
      return key === undefined || fitOf(key, { ...nameless, format: "", key: own, tombstone }) > 0;
    });
    return entries.length === 0 ? [] : [{ ...act, entries }];
  });
}

/** The one act that a word names. */
function actCalled(word: string, sweeps: readonly HistoryLine[]): HistoryLine {
  const ids = sweeps.map(({ sweepId }) => sweepId);
  const called = sweepsCalled(word, ids);
  if (called.length > 1) throw new Failure("usage", [`"${word}" is ${called.length} sweeps`, ...called.map((id) => `  ${id}`)].join("\n"));
  const act = sweeps.find(({ sweepId }) => sweepId === called[0]);
  if (act === undefined) throw new Failure("not-found", `the history has no sweep "${word}"${didYouMean(word, ids)}`);
  return act;
}

async function viewOf({ options, env, stdout }: Invocation<HistoryOptions>): Promise<View> {
  const palette = await paletteFor(stdout, options.color ?? "auto");
  return { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: options.verbose === true };
}

export const runHistory: Run<HistoryOptions> = async (invocation) => {
  const { words, options, env, stdout, stderr } = invocation;
  checkPlaces(env);
  const limit = limitFrom(options.limit, usualLimit);
  const fields = fieldsFrom(options.fields, doneFieldNames);
  const stateDir = stateDirectory(env);
  const all = readState(stateDir, readHistory);
  const asked = words[0] === undefined ? wanted(all, options) : [actCalled(words[0], all)];
  const isJson = options.json === true;
  if (fields !== undefined) {
    const rows = asked.slice(-limit).toReversed().flatMap(doneRows);
    if (isJson) {
      const entries = rows.map((row) => fieldObject(row, fields));
      await writeDocument(stdout, { command: "history-fields", fields: [...fields], entries, exitCode: 0 });
    } else
      await writeLines(
        stdout,
        rows.map((row) => fieldLine(row, fields)),
      );
    return 0;
  }
  if (isJson) {
    const sweeps = options.limit === undefined ? asked : asked.slice(-limit);
    await writeDocument(stdout, { command: "history", sweeps, exitCode: 0 });
    return 0;
  }
  const newest = asked.toReversed().slice(0, limit);
  if (options.quiet === true) {
    await writeLines(
      stdout,
      newest.map(({ sweepId }) => sweepId),
    );
    return 0;
  }
  const ids = all.map(({ sweepId }) => sweepId);
  const back = putBackIn(all);
  const view = await viewOf(invocation);
  const nameOf = (id: string): string => shortSweepId(id, ids);
  if (newest.length === 0)
    await writeLines(stdout, [all.length === 0 ? "No sweep has reaped anything yet." : "Nothing such has been done."]);
  else await writeLines(stdout, historyText(newest, back, nameOf, clockTimes, view));
  const [one] = newest;
  if (words.length > 0 && one !== undefined) {
    await writeLines(stdout, ["", ...actText(one, back, clockTimes, view), ...(one.processes ?? []).map(retiredLine)]);
    const undo = command(`sessreap restore --sweep ${shortSweepId(one.sweepId, tombstonedSweeps(stateDir))}`);
    const isKept = one.command !== "restore" && tombstonedSweeps(stateDir).includes(one.sweepId);
    await writeMessages(stderr, isKept ? [{ label: "undo", text: [undo] }] : [], options.color);
  } else if (newest.length < asked.length) {
    const more = [`${newest.length} of ${asked.length}: `, command("sessreap history --limit 0"), " shows all"];
    await writeMessages(stderr, stderr.isTTY ? [{ label: "next", text: more }] : [], options.color);
  }
  return 0;
};
