import type { Guard } from "../../report/model/guards.ts";
import type { Properties } from "../manage/manager.ts";

/** What was found of one unit. */
export type Finding = Omit<Guard, "guard" | "name">;

export const finding = (posture: Guard["posture"], cause: Guard["cause"], detail: string, cure: string | null): Finding => ({
  posture,
  cause,
  detail,
  cure,
});

export function unitExists(unit: Properties): boolean {
  return unit["LoadState"] !== undefined && unit["LoadState"] !== "not-found";
}

export function isEnabled({ UnitFileState: state }: Properties): boolean {
  return state === "enabled" || state === "enabled-runtime";
}

export function isActive({ ActiveState: state }: Properties): boolean {
  return state === "active";
}

/** A package installs its units for every user who wants them; units of the user's own were asked for. */
export function isOffered(unit: Properties): boolean {
  return /^(?:\/usr)?\/lib\//.test(unit["FragmentPath"] ?? "") && !isEnabled(unit) && unit["ActiveState"] === "inactive";
}

export const isNever = (time: string | undefined): boolean => time === undefined || time === "" || time === "n/a" || time === "infinity";

/** What keeps systemd from even reading it. */
export function loadProblem(unit: Properties, command: string): Finding | undefined {
  const { LoadState: state, LoadError: error, UnitFileState: file } = unit;
  if (state === "masked" || file === "masked")
    return finding("off", "masked", "it is masked", `${command} unmask it, then sessreap units install`);
  if (state === "loaded") return undefined;
  return finding("off-runtime-divergent", "bad-setting", `${state}: ${error ?? ""}`, "sessreap units install, or correct its drop-in");
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

/** How the last run of a service failed, and what a person can do about it. */
export function failureFinding(service: Properties, name: string, command: string): Finding {
  const { Result: result, ExecMainStatus: status } = service;
  const code = Number(status);
  const log = `journalctl ${command.includes("--user") ? "--user " : ""}-u ${name}`;
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
