import { sayDuration } from "../core/duration.ts";
import type { Guard } from "../report/guards.ts";
import type { Properties } from "./manager.ts";

/** What systemd says of a pair of units, and what was seen beside it. */
export type UnitFacts = {
  /** `systemctl --user` or `systemctl`: how a person mends it. */
  readonly command: string;
  readonly names: { readonly timer: string; readonly service: string };
  readonly timer: Properties;
  readonly service: Properties;
  readonly nowMs: number;
  readonly periodMs: number;
  /** The first file of the service's command line that is not there. */
  readonly gone: string | undefined;
};

/** Asked for of both units, in one call. */
export const askedProperties: readonly string[] = [
  "LoadState",
  "LoadError",
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

type Finding = Omit<Guard, "guard" | "name">;

const finding = (posture: Guard["posture"], cause: Guard["cause"], detail: string, cure: string | null): Finding => ({
  posture,
  cause,
  detail,
  cure,
});

export function isThere(unit: Properties): boolean {
  return unit["LoadState"] !== undefined && unit["LoadState"] !== "not-found";
}

export function isEnabled({ UnitFileState: state }: Properties): boolean {
  return state === "enabled" || state === "enabled-runtime";
}

export function isActive({ ActiveState: state }: Properties): boolean {
  return state === "active";
}

const isNever = (time: string | undefined): boolean => time === undefined || time === "" || time === "n/a" || time === "infinity";

function loadProblem(unit: Properties, { command }: UnitFacts): Finding | undefined {
  const { LoadState: state, LoadError: error, UnitFileState: file } = unit;
  if (state === "masked" || file === "masked")
    return finding("off", "masked", "it is masked", `${command} unmask it, then sessreap units install`);
  if (state === "loaded") return undefined;
  return finding("off-runtime-divergent", "bad-setting", `${state}: ${error ?? ""}`, "sessreap units install, or correct its drop-in");
}

function timerFinding(facts: UnitFacts): Finding {
  const { timer, names, command } = facts;
  if (!isThere(timer)) return finding("off", "not-installed", "no timer is installed", "sessreap units install");
  const problem = loadProblem(timer, facts);
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

/** Exit statuses of systemd's own (systemd.exec(5)): the command was never reached. */
const sandboxStatuses: ReadonlyMap<number, string> = new Map([
  [217, "the user could not be taken on"],
  [218, "capabilities could not be dropped: an option that a user's manager cannot apply"],
  [226, "the mount namespace could not be set up: a path in the unit is not there, or mounts are refused"],
  [228, "the system call filter could not be set"],
]);

/** Signals by which a sandbox ends Node: a filtered system call, and memory that may not be executed. */
const sandboxSignals: ReadonlyMap<number, string> = new Map([
  [5, "SIGTRAP: MemoryDenyWriteExecute= stops V8"],
  [31, "SIGSYS: a system call was filtered"],
]);

function failureFinding({ service, names, command }: UnitFacts): Finding {
  const { Result: result, ExecMainStatus: status } = service;
  const code = Number(status);
  const log = `journalctl ${command.includes("--user") ? "--user " : ""}-u ${names.service}`;
  if (result === "timeout")
    return finding("off-runtime-divergent", "timed-out", "the last run took longer than TimeoutStartSec= and was ended", log);
  if (result === "exit-code" && (code === 203 || code === 127)) {
    const what = code === 203 ? "its command could not be executed (status 203)" : "its interpreter was not found (status 127)";
    return finding("off-runtime-divergent", "binary-gone", what, "sessreap units install");
  }
  if (result === "exit-code" && code >= 200) {
    const what = sandboxStatuses.get(code) ?? "systemd could not start it";
    return finding(
      "off-runtime-divergent",
      "sandbox",
      `status ${code}: ${what}`,
      "remove the option from the drop-in (man sessreap-units)",
    );
  }
  if (result === "exit-code") return finding("blind", "failing", `the last run ended with status ${code}`, log);
  const signal = sandboxSignals.get(code);
  if (signal !== undefined)
    return finding("off-runtime-divergent", "sandbox", signal, "remove the option from the drop-in (man sessreap-units)");
  return finding("off-runtime-divergent", "killed", `the last run was ended: ${result}, signal ${status}`, log);
}

/** A run that outlasts a whole period has swallowed a turn; a minute is more than any sweep needs. */
function hungAfterMs(periodMs: number): number {
  return Math.min(Math.max(periodMs, 10_000), 60_000);
}

function serviceFinding(facts: UnitFacts): Finding {
  const { service, names, command, gone, nowMs, periodMs } = facts;
  if (!isThere(service))
    return finding("off-runtime-divergent", "not-installed", "the timer has no service to start", "sessreap units install");
  const problem = loadProblem(service, facts);
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
      ? finding("off-runtime-divergent", "hung", `a run has lasted for ${sayDuration(ranMs)}`, `${command} stop ${names.service}`)
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
  if (result !== "success") return failureFinding(facts);
  return finding("on", "fine", isNever(started) ? "it has not run since its manager started" : `the last run, ${started}, succeeded`, null);
}

/** The guards of one pair of units; what needs a hand beside its main state is one of its own. */
export function unitGuards(facts: UnitFacts): readonly Guard[] {
  const { names, timer, service, command } = facts;
  const stale = [timer, service].some(({ NeedDaemonReload: reload }) => reload === "yes");
  const reload = finding("on", "needs-reload", "a file changed since it was read", `${command} daemon-reload`);
  return [
    { guard: "timer", name: names.timer, ...timerFinding(facts) },
    ...(isThere(timer) || isThere(service) ? [{ guard: "service", name: names.service, ...serviceFinding(facts) } as const] : []),
    ...(stale ? [{ guard: "timer", name: names.timer, ...reload } as const] : []),
  ];
}
