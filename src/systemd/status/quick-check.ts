import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "../../core/duration.ts";
import type { LastRun } from "../../report/model/last-run.ts";
import { userUnitDirectory } from "../manage/places.ts";
import { shippedPeriodMs } from "../units/units.ts";

function isMasked(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(path) === "/dev/null";
}

function isLinked(directory: string, target: string, unit: string): boolean {
  return lstatSync(join(directory, `${target}.wants`, unit), { throwIfNoEntry: false }) !== undefined;
}

/**
 * What a sweep by hand says of the user's timer, from a few looks at files; `doctor` asks systemd. A timer that was
 * never installed is a choice, one that was installed and does not run is a guard that went off in silence.
 */
export function quickCheck(
  env: Readonly<Record<string, string | undefined>>,
  before: LastRun | undefined,
  nowMs: number,
): string | undefined {
  const directory = userUnitDirectory(env);
  const timer = join(directory, "sessreap.timer");
  if (isMasked(timer)) return "sessreap.timer is masked, so no sweep runs by itself (see sessreap doctor)";
  if (!existsSync(timer)) return undefined;
  if (!isLinked(directory, "timers.target", "sessreap.timer")) {
    return "sessreap.timer is installed but not enabled, so no sweep runs by itself (see sessreap doctor)";
  }
  const watch = "sessreap-watch.service";
  if (existsSync(join(directory, watch)) && !isLinked(directory, "default.target", watch)) {
    return `${watch} is installed but not enabled, so nobody watches (see sessreap doctor)`;
  }
  const hasOwnCalendar = existsSync(`${timer}.d`);
  // A sweep by hand says nothing of the timer; the record of an older version does not tell them apart.
  const lastOk = before?.lastUnitOk ?? before?.lastWholeOk ?? null;
  if (hasOwnCalendar || lastOk === null) return undefined;
  const age = nowMs - Date.parse(lastOk);
  return age > 2 * shippedPeriodMs
    ? `sessreap.timer is enabled, but its last sweep that succeeded was ${formatDuration(age)} ago (see sessreap doctor)`
    : undefined;
}
