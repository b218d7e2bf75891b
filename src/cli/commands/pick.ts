import { ownHome } from "../../host/files/homes.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { isReaped, reapedLines } from "../person/reaped.ts";
import { undoOf } from "../person/undo.ts";
import { noCallers } from "../../sweep/observe/daemon.ts";
import type { Stop } from "../../sweep/pass.ts";
import { noWord, reapChosen } from "../../sweep/reap-one.ts";
import { nameOf, reapable, type EntryName, type Reapable } from "../../sweep/reapable.ts";
import { signsIn } from "../../report/screen/screen.ts";
import { confirmed } from "../confirm.ts";
import type { JudgingOptions } from "../config/settings.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeMessages, writeWarnings } from "../messages.ts";
import { paletteFor, writeLines } from "../output.ts";
import { choiceFrom, type ChoosingOptions } from "../parsing/choice.ts";
import { showProgress } from "../person/progress.ts";
import { lockState, prepare } from "../prepare.ts";
import { screenFor } from "../screen.ts";
import { listenForStop } from "../stop.ts";

/** Entries that can go stand first, the youngest first: that is the one to look at twice. */
function inOrder(entries: readonly Reapable[]): readonly Reapable[] {
  const age = ({ report: { ageMs } }: Reapable): number => ageMs ?? Number.POSITIVE_INFINITY;
  return entries.toSorted((a, b) => Number(b.isProven) - Number(a.isProven) || age(a) - age(b));
}

const idOf = ({ registry, key, said }: EntryName): string => JSON.stringify([registry, key, said ?? null]);

function stopCode({ signal }: Stop): number | undefined {
  return signal && (signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted);
}

/** `sessreap pick`: a person chooses among proven ghosts on a list, and each is judged again before it goes. */
export const runPick: Run<JudgingOptions & ChoosingOptions & OutputOptions> = async (invocation) => {
  const { options, env, stdout, stderr } = invocation;
  if (process.stdin.isTTY !== true || !stderr.isTTY || env["TERM"] === "dumb")
    throw new Failure(
      "usage",
      "pick needs a terminal to show its list on",
      "do: sessreap -n shows the ghosts, sessreap reap KEY takes one",
    );
  const choice = choiceFrom(options);
  const { host, settings, examine } = await prepare(invocation);
  const progress = await showProgress(invocation, host);
  const { refusal, entries } = await reapable(progress.host, examine, choice).finally(progress.end);
  if (refusal !== undefined) throw new Failure("refused", `${refusal}; nothing was touched`);
  const left = async (text: string): Promise<number> => {
    await writeMessages(stderr, [{ label: "note", text }], options.color);
    return exitCodes.done;
  };
  if (!entries.some(({ isProven }) => isProven)) return left("there is no ghost to choose: none is provably gone (sessreap list)");
  const [screen, palette, home] = [await screenFor(stderr, env), await paletteFor(stderr, options.color ?? "auto"), ownHome()];
  const aborted = new AbortController();
  const stop = listenForStop(() => aborted.abort());
  const { pickFrom } = await import("../person/pick-list.ts");
  const view = () => {
    const { columns, rows } = stderr.stream;
    return { screen: { ...screen, columns: columns > 0 ? columns : 80 }, palette, home, rows: rows > 0 ? rows : 24 };
  };
  const { chosen, isInterrupted } = await pickFrom(inOrder(entries), stderr, view, aborted.signal);
  if (isInterrupted) return exitCodes.interrupted;
  if (stopCode(stop) !== undefined) return stopCode(stop) as number;
  if (chosen.length === 0) return left("nothing was touched");
  const question = chosen.length === 1 ? "Reap this one?" : `Reap these ${chosen.length}?`;
  const isYes = await confirmed({ stderr }, question, aborted.signal);
  if (stopCode(stop) !== undefined) return stopCode(stop) as number;
  if (isYes !== true) return left("nothing was touched");
  const wanted = new Set(chosen.map(({ name }) => idOf(name)));
  const lock = await lockState(host, settings, "a sweep of this state directory is running");
  try {
    const reaped = await reapChosen(host, {
      ...examine,
      callers: noCallers,
      command: "pick",
      stop,
      exitObserved: false,
      word: noWord,
      fits: (one, _, registry) => (wanted.has(idOf(nameOf(one, registry))) ? 1 : 0),
      accept: () => undefined,
    });
    if (reaped.refusal !== undefined) throw new Failure("refused", `${reaped.refusal}; nothing was touched`);
    await writeWarnings(stderr, reaped.unrecorded);
    await writeLines(stdout, reapedLines(reaped.entries));
    const gone = chosen.length - reaped.entries.length;
    const undo = undoOf(reaped.entries, settings.stateDir.value, signsIn(env));
    const missed = gone === 0 ? [] : [{ label: "note" as const, text: `${gone} changed or went meanwhile` }];
    await writeMessages(stderr, [...undo, ...missed], options.color);
    return gone === 0 && reaped.entries.every(isReaped) ? exitCodes.done : exitCodes.partial;
  } finally {
    lock.release();
  }
};
