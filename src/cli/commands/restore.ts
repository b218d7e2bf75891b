import { type Settings, policyFrom, resolveSettings } from "../config/settings.ts";
import { restoreTarget } from "../config/targets.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeMessages, writeWarnings } from "../messages.ts";
import { paletteFor, writeDocument, writeLines } from "../output.ts";
import { showProgress } from "../person/progress.ts";
import { clockTimes } from "../person/times.ts";
import { screenFor } from "../screen.ts";
import { lockState, readState } from "../prepare.ts";
import { choiceFrom, type ChoosingOptions } from "../parsing/choice.ts";
import { didYouMean } from "../suggest.ts";
import { restoredKeptMs } from "../../core/policy.ts";
import { sweepOf, type Tombstone } from "../../core/tombstone.ts";
import { ownHome } from "../../host/files/homes.ts";
import { realHost } from "../../host/real-host.ts";
import { readHistory, type HistoryLine } from "../../host/state/history.ts";
import { readTombstones, tombstonedSweeps } from "../../host/state/tombstones.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { isChosen, type Choice } from "../../report/listing/choice.ts";
import { historyText, putBackIn } from "../../report/listing/history-text.ts";
import { nameless, namesOfTombstone, resolveId, severalLines } from "../../report/listing/resolve.ts";
import { restoreText } from "../../report/listing/restore-text.ts";
import { shortSweepId, sweepsCalled } from "../../report/listing/sweep-names.ts";
import type { View } from "../../report/listing/view.ts";
import { visible } from "../../report/visible.ts";
import { type Target, registryId } from "../../sweep/load/target.ts";
import { noCallers } from "../../sweep/observe/daemon.ts";
import { startPass } from "../../sweep/pass.ts";
import { type Tombstoned, restore } from "../../sweep/restore/restore.ts";

type RestoreOptions = OutputOptions &
  Pick<ChoosingOptions, "only" | "except" | "olderThan"> & { readonly sweep?: string; readonly all?: boolean; readonly dryRun?: boolean };

/** So many sweeps are shown where none was named. */
const shownSweeps = 5;

/** The tombstones of one sweep, which its id names, the end of its id, or `last`. */
function ofSweep(all: readonly Tombstone[], word: string): readonly Tombstone[] {
  const sweeps = [...new Set(all.map(({ id }) => sweepOf(id)))].toSorted();
  const called = sweepsCalled(word, sweeps);
  if (called.length > 1) throw new Failure("usage", [`"${word}" is ${called.length} sweeps`, ...called.map((id) => `  ${id}`)].join("\n"));
  if (called.length === 0 && word === "last") throw new Failure("not-found", "no sweep is left that can be put back", "sessreap history");
  if (called.length === 0) throw new Failure("not-found", `no tombstone of sweep "${word}"${didYouMean(word, sweeps)}`);
  return all.filter(({ id }) => sweepOf(id) === called[0]);
}

type Asked = {
  readonly words: readonly string[];
  readonly sweep: string | undefined;
  readonly all: boolean;
  readonly choice: Choice | undefined;
};

/** Why nothing can be put back of what a word means: history may know that it was, and other entries' names are not guessed at. */
function nothingOf(word: string, history: readonly HistoryLine[]): Failure {
  const restored = history.flatMap(({ command, at, entries }) => (command === "restore" ? entries.map((one) => ({ ...one, at })) : []));
  const back = resolveId(word, restored, ({ key, tombstone }) => ({ ...nameless, format: "", key, tombstone })).at(-1);
  const when =
    back === undefined ? "" : `; it was put back on ${clockTimes.day(Date.parse(back.at))} at ${clockTimes.time(Date.parse(back.at))}`;
  return new Failure("not-found", `no tombstone of "${visible(word)}"${when}`);
}

/** Of several tombstones of one entry the newest. */
function newestOf(all: readonly Tombstone[]): readonly Tombstone[] {
  return [...new Map(all.map((tombstone) => [`${tombstone.registry}\0${tombstone.key}`, tombstone])).values()];
}

/** Whether a tombstone is among those that were chosen; its age is how long ago its entry was reaped. */
function isWanted(choice: Choice, tombstone: Tombstone): boolean {
  const ageMs = Math.max(0, Date.now() - Date.parse(tombstone.at));
  return isChosen(choice, { ...namesOfTombstone(tombstone), cwd: undefined, ageMs, verdict: "ghost" });
}

/** What can be put back, where nothing was named: the last sweeps that reaped anything which is still kept. */
async function showSweeps({ options, env, stdout }: Invocation<RestoreOptions>, stateDir: string): Promise<void> {
  const all = readState(stateDir, readHistory);
  const kept = tombstonedSweeps(stateDir);
  const last = all.filter(({ sweepId }) => kept.includes(sweepId)).slice(-shownSweeps);
  if (last.length === 0) return;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const view: View = { screen: await screenFor(stdout, env), palette, home: ownHome(), verbose: options.verbose === true };
  await writeLines(
    stdout,
    historyText(last.toReversed(), putBackIn(all), (id) => shortSweepId(id, kept), clockTimes, view),
  );
}

/**
 * The tombstones that were asked for. Of several of one entry the newest is meant; several entries are put back only where
 * that was said.
 */
function choose(
  all: readonly Tombstone[],
  { words, sweep, all: isAllowed, choice }: Asked,
  history: () => readonly HistoryLine[],
): readonly Tombstone[] {
  if (words.length === 0 && sweep === undefined && choice === undefined)
    throw new Failure(
      "usage",
      "name the entries to put back, or a sweep with --sweep",
      "sessreap restore --sweep last, or sessreap history",
    );
  const ofThose = sweep === undefined ? all : ofSweep(all, sweep);
  const among = choice === undefined ? ofThose : ofThose.filter((tombstone) => isWanted(choice, tombstone));
  if (words.length === 0 && sweep !== undefined) return among;
  if (among.length === 0 && choice === undefined && words.length > 0) throw nothingOf(words[0] as string, history());
  if (among.length === 0) throw new Failure("not-found", "no tombstone is among those that were chosen");
  if (words.length === 0) return newestOf(among);
  return words.flatMap((word) => {
    const called = resolveId(word, among, namesOfTombstone);
    const newest = newestOf(called);
    if (newest.length > 1 && !isAllowed) throw new Failure("usage", severalLines(word, "entries", newest));
    if (newest.length === 0) throw nothingOf(word, history());
    return newest;
  });
}

function byRegistry(chosen: readonly Tombstone[], settings: Settings, env: NodeJS.ProcessEnv): readonly Tombstoned[] {
  const places = new Map<string, { readonly target: Target; readonly tombstones: Tombstone[] }>();
  for (const tombstone of chosen) {
    const target = restoreTarget(settings, tombstone, env);
    const place = places.get(registryId(target)) ?? { target, tombstones: [] };
    place.tombstones.push(tombstone);
    places.set(registryId(target), place);
  }
  return [...places.values()];
}

export const runRestore: Run<RestoreOptions> = async (invocation) => {
  const { words, options, env, stdout, stderr, version } = invocation;
  const settings = await resolveSettings({}, env);
  const asked: Asked = { words, sweep: options.sweep, all: options.all === true, choice: choiceFrom(options) };
  const stateDir = settings.stateDir.value;
  const isAnythingNamed = words.length > 0 || asked.sweep !== undefined || asked.choice !== undefined;
  if (!isAnythingNamed && stdout.isTTY && options.json !== true) await showSweeps(invocation, stateDir);
  const chosen = choose(readState(stateDir, readTombstones), asked, () => readState(stateDir, readHistory));
  const places = byRegistry(chosen, settings, env);
  const dryRun = options.dryRun === true;
  const host = await realHost(settings.stateDir.value, version);
  const lock = dryRun ? undefined : await lockState(host, settings, "a sweep of this state directory is running");
  const progress = await showProgress(invocation, host, chosen.length);
  let restored: Awaited<ReturnType<typeof restore>>;
  try {
    const targets = places.map(({ target }) => target);
    const pass = startPass(progress.host, {
      targets,
      witnesses: [],
      policy: policyFrom(settings, {}),
      stop: { signal: undefined },
      callers: noCallers,
    });
    restored = await restore(pass, places, dryRun);
  } finally {
    progress.end();
    lock?.release();
  }
  const { outcomes, problems } = restored;
  await writeWarnings(stderr, problems);
  const isIncomplete = outcomes.some(({ action }) => action === "failed" || action === "newcomer");
  const exitCode = isIncomplete ? exitCodes.partial : exitCodes.done;
  if (options.json === true) {
    const entries = outcomes.map(({ tombstone, action, detail }) => ({
      registry: tombstone.registry,
      format: tombstone.format,
      key: tombstone.key,
      tombstone: tombstone.id,
      action,
      detail,
    }));
    await writeDocument(stdout, { command: "restore", dryRun, entries, exitCode });
    return exitCode;
  }
  const screen = await screenFor(stdout, env);
  const view: View = {
    screen,
    palette: await paletteFor(stdout, options.color ?? "auto"),
    home: ownHome(),
    verbose: options.verbose === true,
  };
  await writeLines(stdout, restoreText(outcomes, view));
  const until = clockTimes.day(Date.now() + restoredKeptMs);
  if (outcomes.some(({ action }) => action === "restored"))
    await writeMessages(stderr, [{ label: "note", text: `what is put back is left alone until ${until}` }], options.color);
  return exitCode;
};
