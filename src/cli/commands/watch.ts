import type { JudgingOptions } from "../config/settings.ts";
import { resolveRegistries } from "../config/targets.ts";
import type { OutputOptions, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { reportToJournal } from "../journal-output.ts";
import { writeLines, writePieces } from "../output.ts";
import { watchScreen } from "../person/watch-screen.ts";
import { lockState, prepare } from "../prepare.ts";
import { openRecord, stuckProblem } from "../record.ts";
import { listenForStop } from "../stop.ts";
import { loadLibraries } from "../../host/libraries.ts";
import { realSenses } from "../../host/senses/senses.ts";
import { isJournal } from "../../host/programs/journal-stream.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { journalEvents, journalLine, statesOf } from "../../report/journal.ts";
import { sweepJson } from "../../report/json.ts";
import type { SweepReport } from "../../report/model/sweep.ts";
import { sweepGuards } from "../../report/sweep-guards.ts";
import { visible } from "../../report/visible.ts";
import type { SweepListener } from "../../watch/options.ts";
import { isTimerEnabled } from "../../systemd/status/quick-check.ts";
import { watch } from "../../watch/watch.ts";

/** A warning can name several files. */
const longestWarning = 1000;

/** One line an event: a warning is said again only when it changes. */
export const runWatch: Run<JudgingOptions & OutputOptions> = async (invocation) => {
  const { options, stdout, stderr, env, version } = invocation;
  const { host, settings, collisions, examine } = await prepare(invocation);
  await loadLibraries(examine.targets.some(({ server }) => server !== undefined));
  const aborted = new AbortController();
  const stop = listenForStop(() => aborted.abort());
  // Taken once for its error: a state directory that cannot be used should end the watch, not every sweep of it.
  await lockState(host, settings, "a sweep of this state directory is running").then((lock) => lock.release(), unlessBusy);
  const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
  const toJournal = isJournal(1, env) && options.json !== true;
  const forPerson = await watchScreen(invocation, { named, stateDir: settings.stateDir.value, isTimerOn: isTimerEnabled(env) });

  const onSweep = async (isWhole: boolean): Promise<SweepListener> => {
    const [stateDir, metricsFile] = [settings.stateDir.value, settings.metricsFile.value];
    const record = await openRecord({ stateDir, metricsFile, version, env, named: options.registry !== undefined, partial: !isWhole });
    const report = async (swept: SweepReport): Promise<void> => {
      const guards = sweepGuards(swept, named);
      const notes = await record.finish(swept, guards, statesOf(journalEvents(swept, guards)));
      if (toJournal) await reportToJournal(stdout, { report: swept, guards, before: record.before, notes });
      else {
        if (options.json === true) await writePieces(stdout, sweepJson(swept));
        await forPerson.report(swept, notes, isWhole);
      }
    };
    return { report, fault: record.fault };
  };

  const toLog = isJournal(2, env);
  const warn = (words: string): Promise<void> =>
    toLog ? writeLines(stderr, [`${journalLine(4, "")}sessreap: warning: ${visible(words, longestWarning)}`]) : forPerson.warn(words);

  let stuck: string | undefined;
  const onTurnedAway = async (): Promise<void> => {
    const before = stuck;
    stuck = stuckProblem(settings.stateDir.value);
    // Its age grows; that it is stuck is said once.
    if (stuck === undefined || before !== undefined) return;
    await warn(stuck);
  };

  const onNotice = (words: string): Promise<void> =>
    toLog ? writeLines(stderr, [`${journalLine(6, "")}sessreap: ${visible(words)}`]) : forPerson.notice(words);

  for (const line of collisions) await warn(line);
  const findPlaces = () => resolveRegistries(settings, options, env);
  const listeners = { findPlaces, onSweep, onTurnedAway, onNotice };
  const { sweeps, exits, closings, gone } = await watch(host, realSenses(version), { ...examine, stop, ...listeners }, aborted.signal);
  if (toLog) await onNotice(`stopped after ${exits} exits and ${closings} closed threads: ${gone} registrations gone in ${sweeps} sweeps`);
  else await forPerson.end();
  return stop.signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
};

/** A timer's sweep is no reason not to watch: the next of ours comes after it. */
function unlessBusy(error: unknown): void {
  if (!(error instanceof Failure && error.code === "busy")) throw error;
}
