import type { Cause, Guard, Posture } from "./guards.ts";
import { worstPosture } from "./guards.ts";
import type { Summary, SweepReport } from "./model.ts";
import { noVerdicts } from "./tally.ts";
import type { Verdict } from "../core/ladder.ts";

/** What is kept of the last sweep, because systemd forgets it with the unit and with the boot. Times are ISO-8601. */
export type LastRun = {
  readonly schema: 1;
  readonly version: string;
  readonly sweepId: string | null;
  readonly pid: number;
  readonly startTicks: string | null;
  /** systemd's name for this run of the service; null for a sweep that a person started. */
  readonly invocationId: string | null;
  readonly started: string;
  /** Null while it runs, and for ever when it was killed. */
  readonly finished: string | null;
  readonly durationMs: number | null;
  readonly ok: boolean | null;
  readonly exitCode: number | null;
  /** When a sweep last finished and nothing failed. */
  readonly lastOk: string | null;
  /** The same, of a sweep of all configured registries or one that systemd ran: only these say that the guard works. */
  readonly lastWholeOk: string | null;
  readonly counts: Summary | null;
  /** Everything that sweeps of this state directory have reaped. */
  readonly reapedTotal: number;
  readonly posture: Posture;
  readonly problems: readonly string[];
  readonly registries: readonly RegistryRun[];
  /** States that have been said in the journal, so that they are said once. */
  readonly said: readonly string[];
};

/** Whether a value read from the state directory is a record that this version understands. */
export function isLastRun(value: unknown): value is LastRun {
  if (typeof value !== "object" || value === null) return false;
  const run = value as Partial<LastRun>;
  return run.schema === 1 && Array.isArray(run.said) && Array.isArray(run.registries);
}

export type RegistryRun = {
  readonly format: string;
  readonly path: string;
  readonly posture: Posture;
  readonly cause: Cause;
  readonly verdicts: Readonly<Record<Verdict, number>>;
};

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
  return registries.flatMap(({ format, path }, index) => {
    const guard = guards.find((one) => one.guard === "registry" && one.name === path);
    const verdicts = tallies[index]?.verdicts ?? noVerdicts;
    return guard === undefined ? [] : [{ format, path, posture: guard.posture, cause: guard.cause, verdicts }];
  });
}

const maxSaidStates = 1000;

export type Ending = { readonly finished: string; readonly whole: boolean; readonly states: readonly string[] };

export function finishedRun(run: LastRun, report: SweepReport, guards: readonly Guard[], { finished, whole, states }: Ending): LastRun {
  const ok = report.exitCode === 0;
  return {
    ...run,
    sweepId: report.sweepId,
    finished,
    durationMs: report.durationMs,
    ok,
    exitCode: report.exitCode,
    lastOk: ok ? finished : run.lastOk,
    lastWholeOk: ok && whole ? finished : run.lastWholeOk,
    counts: report.summary,
    reapedTotal: run.reapedTotal + report.summary.reaped,
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
