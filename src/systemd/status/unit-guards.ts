import { formatDuration } from "../../core/duration.ts";
import type { Guard } from "../../report/model/guards.ts";
import { failureFinding, finding, isEnabled, isNever, unitExists, loadProblem, type Finding } from "./findings.ts";
import type { Properties, UnitNames } from "../manage/manager.ts";

/** What systemd says of a pair of units, and what was seen beside it. */
export type UnitFacts = {
  /** `systemctl --user` or `systemctl`: how a person mends it. */
  readonly command: string;
  readonly names: UnitNames;
  readonly timer: Properties;
  readonly service: Properties;
  readonly nowMs: number;
  readonly periodMs: number;
  /** The first file of the service's command line that is not there. */
  readonly gone: string | undefined;
  /** A file of the service's command line that a package runner fetched for one run. */
  readonly passing: string | undefined;
};

/** Asked for of every unit, in one call. */
export const askedProperties: readonly string[] = [
  "LoadState",
  "LoadError",
  "FragmentPath",
  "ActiveState",
  "SubState",
  "UnitFileState",
  "NeedDaemonReload",
  "Result",
  "ExecMainCode",
  "ExecMainStatus",
  "ExecMainStartTimestamp",
  "ExecStart",
  "ConditionResult",
  "ConditionTimestamp",
  "NextElapseUSecRealtime",
  "NextElapseUSecMonotonic",
  "TimersCalendar",
];

const passingCure = "npm install -g sessreap, then sessreap units install";

function timerFinding(facts: UnitFacts): Finding {
  const { timer, names, command } = facts;
  if (!unitExists(timer))
    return finding("off", "not-installed", "no timer is installed, so nothing sweeps by itself", "sessreap units install");
  const problem = loadProblem(timer, command);
  if (problem !== undefined) return problem;
  const { ActiveState: active, SubState: sub, NextElapseUSecRealtime: next, NextElapseUSecMonotonic: monotonic, Result: result } = timer;
  const enabled = isEnabled(timer);
  if (active === "failed") {
    return finding("off-runtime-divergent", "failing", `the timer failed: ${result}`, `${command} restart ${names.timer}`);
  }
  if (active !== "active") {
    return enabled
      ? finding("off-runtime-divergent", "not-started", `it is enabled, and ${active}`, `${command} start ${names.timer}`)
      : finding("off", "disabled", "it is installed, and neither enabled nor started", `${command} enable --now ${names.timer}`);
  }
  const hasNext = !isNever(next) || !isNever(monotonic);
  if (sub === "elapsed" || (sub !== "running" && !hasNext)) {
    return finding(
      "off-runtime-divergent",
      "never-fires",
      "it is active, and has no next run",
      `correct its calendar: ${command} edit ${names.timer}`,
    );
  }
  if (!enabled) {
    return finding("on", "not-enabled", "it runs, and will be gone after the next boot", `${command} enable ${names.timer}`);
  }
  return finding("on", "fine", sub === "running" ? "its service is running" : `next run ${next || monotonic}`, null);
}

/** A run that outlasts a whole period has swallowed a turn; a minute is more than any sweep needs. */
function hungAfterMs(periodMs: number): number {
  return Math.min(Math.max(periodMs, 10_000), 60_000);
}

function serviceFinding(facts: UnitFacts): Finding {
  const { service, names, command, gone, nowMs, periodMs } = facts;
  if (!unitExists(service))
    return finding("off-runtime-divergent", "not-installed", "the timer has no service to start", "sessreap units install");
  const problem = loadProblem(service, command);
  if (problem !== undefined) return problem;
  if (gone !== undefined) return finding("off-runtime-divergent", "binary-gone", `${gone} is not there`, "sessreap units install");
  const {
    ActiveState: active,
    Result: result,
    ConditionResult: condition,
    ConditionTimestamp: asked,
    ExecMainStartTimestamp: started,
  } = service;
  if (active === "activating") {
    const ranMs = nowMs - Date.parse(started ?? "");
    return ranMs > hungAfterMs(periodMs)
      ? finding("off-runtime-divergent", "hung", `a run has lasted for ${formatDuration(ranMs)}`, `${command} stop ${names.service}`)
      : finding("on", "fine", "a sweep is running", null);
  }
  if (condition === "no" && !isNever(asked)) {
    return finding(
      "off-runtime-divergent",
      "skipped-by-condition",
      "a condition is not met, so every run is skipped",
      `${command} cat ${names.service}`,
    );
  }
  if (result !== "success") return failureFinding(service, names.service, command);
  return finding("on", "fine", isNever(started) ? "it has not run since its manager started" : `the last run, ${started}, succeeded`, null);
}

/** The guards of one pair of units; what needs a hand beside its main state is one of its own. */
export function unitGuards(facts: UnitFacts): readonly Guard[] {
  const { names, timer, service, command, passing } = facts;
  const stale = [timer, service].some(({ NeedDaemonReload: reload }) => reload === "yes");
  const reload = finding("on", "needs-reload", "a file changed since it was read", `${command} daemon-reload`);
  const moves = finding("on", "passing-place", `${passing} goes with the next clean-up of its cache`, passingCure);
  return [
    { guard: "timer", name: names.timer, ...timerFinding(facts) },
    ...(unitExists(timer) || unitExists(service) ? [{ guard: "service", name: names.service, ...serviceFinding(facts) } as const] : []),
    ...(passing === undefined ? [] : [{ guard: "service", name: names.service, ...moves } as const]),
    ...(stale ? [{ guard: "timer", name: names.timer, ...reload } as const] : []),
  ];
}
