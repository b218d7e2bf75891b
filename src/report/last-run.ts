import { worstPosture } from "./guards.ts";
import type { Guard } from "./model/guards.ts";
import type { LastRun, RegistryRun } from "./model/last-run.ts";
import type { SweepReport } from "./model/sweep.ts";
import { noVerdicts } from "./tally.ts";

/** Whether a value read from the state directory is a record that this version understands. */
export function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== "object" || value === null) return false;
  const run = value as Partial<LastRun>;
  return run.schema === 1 && Array.isArray(run.said) && Array.isArray(run.registries);
}

/** Who sweeps, and when. */
export type RunIdentity = Pick<LastRun, "version" | "pid" | "startTicks" | "invocationId" | "started">;

const nothingYet = {
  lastOk: null,
  lastWholeOk: null,
  counts: null,
  reapedTotal: 0,
  posture: "off",
  registries: [],
  said: [],
} as const satisfies Partial<LastRun>;

export function startedRun(before: LastRun | undefined, who: RunIdentity): LastRun {
  const kept = before ?? nothingYet;
  const open = { sweepId: null, finished: null, durationMs: null, ok: null, exitCode: null, problems: [] } as const;
  return { ...kept, ...who, ...open, schema: 1 };
}

function registryRuns({ registries, tallies }: SweepReport, guards: readonly Guard[]): readonly RegistryRun[] {
  return registries.flatMap(({ format, path, fleet }, index) => {
    const guard = guards.find((one) => one.guard === "registry" && one.name === path);
    const verdicts = tallies[index]?.verdicts ?? noVerdicts;
    const { machines = null, silent = null } = fleet ?? {};
    const counted = machines === null || silent === null ? {} : { machines: { sweeping: machines - silent, silent } };
    return guard === undefined ? [] : [{ format, path, posture: guard.posture, cause: guard.cause, ...counted, verdicts }];
  });
}

const maxSaidStates = 1000;

export type Ending = {
  readonly finished: string;
  readonly whole: boolean;
  /** It looked at some of the registries alone, as a watch does at an exit: how all of them stand is as the last whole sweep said. */
  readonly partial: boolean;
  readonly states: readonly string[];
  /** Something started it that starts one every few minutes: systemd, or cron and its like. */
  readonly periodic: boolean;
};

export function finishedRun(
  run: LastRun,
  report: SweepReport,
  guards: readonly Guard[],
  { finished, whole, partial, states, periodic }: Ending,
): LastRun {
  const ok = report.exitCode === 0;
  const reapedTotal = run.reapedTotal + report.summary.reaped;
  const swept = {
    sweepId: report.sweepId,
    finished,
    durationMs: report.durationMs,
    ok,
    exitCode: report.exitCode,
    lastOk: ok ? finished : run.lastOk,
    reapedTotal,
  };
  if (partial) return { ...run, ...swept };
  return {
    ...run,
    ...swept,
    lastWholeOk: ok && whole ? finished : run.lastWholeOk,
    ...(ok && whole && periodic && { lastUnitOk: finished }),
    counts: report.summary,
    posture: worstPosture(guards),
    problems: guards.filter(({ posture }) => posture !== "on").map(({ name, detail }) => `${name}: ${detail}`),
    registries: registryRuns(report, guards),
    said: states.slice(0, maxSaidStates),
  };
}

/** A sweep that ended in a fault: it judged nothing, so what was known of the registries stays. */
export function faultedRun(run: LastRun, problem: string, exitCode: number, finished: string): LastRun {
  return { ...run, finished, ok: false, exitCode, problems: [problem], posture: "blind" };
}
