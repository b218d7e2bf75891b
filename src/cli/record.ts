import { existsSync } from "node:fs";
import { invocationId } from "../host/programs/journal-stream.ts";
import { readLastRun, writeLastRun, writeMetrics } from "../host/state/last-run.ts";
import { formatError } from "../host/observed.ts";
import { startOfPid } from "../host/processes/threads.ts";
import { exitCodes } from "../report/exit-code.ts";
import type { Guard } from "../report/model/guards.ts";
import { faultedRun, finishedRun, isLastRun, startedRun } from "../report/last-run.ts";
import type { LastRun } from "../report/model/last-run.ts";
import { stuckSweep } from "../report/run-guards.ts";
import { metricsText } from "../report/metrics.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import type { Env } from "./config/paths.ts";

/** The record of one sweep that writes. Nothing in it may fail the sweep: what could not be written is returned. */
export type SweepRecord = {
  readonly before: LastRun | undefined;
  readonly finish: (report: SweepReport, guards: readonly Guard[], states: readonly string[]) => Promise<readonly string[]>;
  readonly fault: (error: unknown) => Promise<void>;
};

/** The sweep of this record while its process runs. */
export function runningSweep(run: LastRun | undefined): LastRun | undefined {
  if (run === undefined || run.finished !== null) return undefined;
  return run.startTicks !== null && startOfPid(run.pid) === run.startTicks ? run : undefined;
}

/** What is said of a sweep of this state directory that has run for too long; undefined where none has. */
export function stuckProblem(stateDir: string): string | undefined {
  const running = runningSweep(readLastRun(stateDir, isLastRun));
  const stuck = running && stuckSweep(running, Date.now());
  return stuck && `${stuck.detail}; ${stuck.cure}`;
}

async function problemsOf(what: string, act: () => Promise<void>): Promise<readonly string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [`${what} could not be written: ${formatError(error)}`];
  }
}

export type RecordOptions = {
  readonly stateDir: string;
  readonly metricsFile: string | undefined;
  readonly version: string;
  readonly env: Env;
  /** The user named the registries on the command line. */
  readonly named: boolean;
  /** It looks at some of the registries alone. */
  readonly partial?: boolean;
  /** It was told that a timer starts it. */
  readonly timer?: boolean;
};

/** Marks the start, so that the record shows a sweep that was killed. */
export async function openRecord({
  stateDir,
  metricsFile,
  version,
  env,
  named,
  partial = false,
  timer = false,
}: RecordOptions): Promise<SweepRecord> {
  const before = readLastRun(stateDir, isLastRun);
  const invocation = invocationId(env);
  const started = new Date().toISOString();
  const run = startedRun(before, {
    version,
    pid: process.pid,
    startTicks: startOfPid(process.pid) ?? null,
    invocationId: invocation,
    started,
  });
  // Where systemd is, it alone is the timer: a person may type the same word.
  const periodic = invocation !== null || (timer && !existsSync("/run/systemd/system"));
  const whole = !partial && (!named || periodic);
  const save = async (last: LastRun): Promise<readonly string[]> => [
    ...(await problemsOf(`${stateDir}/last-run.json`, async () => writeLastRun(stateDir, last, true))),
    ...(metricsFile === undefined ? [] : await problemsOf(metricsFile, async () => writeMetrics(metricsFile, metricsText(last)))),
  ];
  await problemsOf("the mark of the start", async () => writeLastRun(stateDir, run, false));
  return {
    before,
    finish: (report, guards, states) =>
      save(finishedRun(run, report, guards, { finished: new Date().toISOString(), whole, partial, states, periodic })),
    fault: async (error) => void (await save(faultedRun(run, formatError(error), exitCodes.fault, new Date().toISOString()))),
  };
}
