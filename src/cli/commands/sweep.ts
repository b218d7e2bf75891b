import { offLines } from "../config/off.ts";
import { choiceFrom, type ChoosingOptions } from "../parsing/choice.ts";
import { fieldNames } from "../../report/listing/fields.ts";
import { fieldsFrom, limitFrom, type ShowingOptions } from "../parsing/fields.ts";
import { wholePath } from "../config/paths.ts";
import type { JudgingOptions } from "../config/settings.ts";
import type { Invocation, OutputOptions, Run } from "../context.ts";
import { reportToJournal } from "../journal-output.ts";
import { paletteFor } from "../output.ts";
import { lockState, prepare } from "../prepare.ts";
import { type SweepRecord, openRecord } from "../record.ts";
import { listenForStop } from "../stop.ts";
import { mayBegin } from "../person/first-run.ts";
import { showProgress } from "../person/progress.ts";
import { reportSweep } from "../person/sweep-output.ts";
import { showFleet } from "./fleet.ts";
import { isJournal } from "../../host/programs/journal-stream.ts";
import { readLastRun } from "../../host/state/last-run.ts";
import { isUnused } from "../../host/state/state-directory.ts";
import { journalEvents, statesOf } from "../../report/journal.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { isLastRun } from "../../report/last-run.ts";
import { sweepGuards } from "../../report/sweep-guards.ts";
import { type SweepOptions, sweep } from "../../sweep/sweep.ts";
import { quickCheck } from "../../systemd/status/quick-check.ts";

export type SweepCommandOptions = JudgingOptions &
  ChoosingOptions &
  ShowingOptions &
  OutputOptions & {
    readonly dryRun?: boolean;
    readonly exitCode?: boolean;
    readonly metricsFile?: string;
    readonly timer?: boolean;
    readonly yes?: boolean;
  };

/** Whether a person starts the first sweep of this state directory. A timer and a script ask nothing. */
function isFirstByHand({ options, stderr, env }: Invocation<SweepCommandOptions>, stateDir: string): boolean {
  const { timer, yes, json, quiet } = options;
  if (timer === true || yes === true || json === true || quiet === true || isJournal(2, env)) return false;
  return stderr.isTTY && isUnused(stateDir) && process.stdin.isTTY === true;
}

async function judgeAndReport(
  invocation: Invocation<SweepCommandOptions>,
  as: Pick<SweepOptions, "command" | "dryRun" | "lookAnyway">,
): Promise<number> {
  const { options, env, stdout, stderr, version } = invocation;
  const palette = await paletteFor(stdout, options.color ?? "auto");
  const choice = choiceFrom(options);
  const shown = { fields: fieldsFrom(options.fields, fieldNames), limit: limitFrom(options.limit, Number.POSITIVE_INFINITY) };
  const { host, settings, collisions, examine } = await prepare(invocation);
  if (!as.dryRun && isFirstByHand(invocation, settings.stateDir.value)) {
    const first = { ...examine, ...as, ...(choice !== undefined && { choice }), failOnGhosts: false };
    if (!(await mayBegin(invocation, host, settings.stateDir.value, first))) return exitCodes.done;
  }
  const stop = listenForStop();
  const lock = as.dryRun ? undefined : await lockState(host, settings, "another sweep of this state directory is running");
  let record: SweepRecord | undefined;
  const progress = stderr.isTTY ? await showProgress(invocation, host) : undefined;
  try {
    if (!as.dryRun) {
      const metricsFile = options.metricsFile === undefined ? settings.metricsFile.value : wholePath(options.metricsFile);
      const stateDir = settings.stateDir.value;
      record = await openRecord({
        stateDir,
        metricsFile,
        version,
        env,
        named: options.registry !== undefined,
        partial: choice !== undefined,
        timer: options.timer === true,
      });
    }
    const report = await sweep(progress?.host ?? host, {
      ...examine,
      ...as,
      ...(choice !== undefined && { choice }),
      stop,
      failOnGhosts: as.dryRun && options.exitCode === true,
    });
    progress?.end();
    const named = new Set(examine.targets.filter((target) => target.named).map(({ path }) => path));
    const guards = sweepGuards(report, named);
    const toJournal = isJournal(1, env) && options.json !== true;
    const notes = [...((await record?.finish(report, guards, statesOf(journalEvents(report, guards)))) ?? [])];
    notes.push(...collisions);
    if (as.command === "list") notes.push(...offLines(settings, env));
    const before = record?.before;
    const isByHand = !toJournal && options.timer !== true;
    const timer = isByHand ? quickCheck(env, () => before ?? readLastRun(settings.stateDir.value, isLastRun), Date.now()) : undefined;
    if (timer !== undefined) notes.push(timer);
    const said = { report, guards, named, before, notes, isByHand, palette, ...shown };
    if (toJournal) await reportToJournal(stdout, said);
    else await reportSweep(invocation, said);
    return report.exitCode;
  } catch (error) {
    await record?.fault(error);
    throw error;
  } finally {
    progress?.end();
    lock?.release();
  }
}

export const runSweep: Run<SweepCommandOptions> = (invocation) => {
  return judgeAndReport(invocation, { command: "sweep", dryRun: invocation.options.dryRun === true, lookAnyway: false });
};

export const runList: Run<SweepCommandOptions & { readonly fleet?: boolean }> = async (invocation) => {
  if (invocation.options.fleet === true) return showFleet(invocation, false);
  return judgeAndReport(invocation, { command: "list", dryRun: true, lookAnyway: true });
};
