import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";
import { formatDuration } from "../../core/duration.ts";
import type { LastRun } from "../../report/model/last-run.ts";
import { ownName } from "../manage/account.ts";
import { unitNames } from "../manage/manager.ts";
import { systemUnitDirectory, userUnitDirectory } from "../manage/places.ts";
import { shippedPeriodMs } from "../units/units.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What cannot be looked at says nothing here: no sweep fails for it, and `doctor` tells. */
function stateOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isMasked(path: string): boolean {
  return stateOf(path)?.isSymbolicLink() === true && readlinkSync(path) === "/dev/null";
}

const linkOf = (directory: string, target: string, unit: string): string => join(directory, `${target}.wants`, unit);

function isLinked(directory: string, target: string, unit: string): boolean {
  return stateOf(linkOf(directory, target, unit)) !== undefined;
}

/** Whether the user's timer is installed and enabled, from a few looks at files. */
export function isTimerEnabled(env: Env): boolean {
  const directory = userUnitDirectory(env);
  const timer = join(directory, "sessreap.timer");
  return stateOf(timer) !== undefined && !isMasked(timer) && isLinked(directory, "timers.target", "sessreap.timer");
}

/**
 * What a sweep by hand says of the user's timer, from a few looks at files; `doctor` asks systemd. A timer that was
 * never installed is a choice, one that was installed and does not run is a guard that went off in silence.
 */
export function quickCheck(env: Env, before: () => LastRun | undefined, nowMs: number): string | undefined {
  const directory = userUnitDirectory(env);
  const timer = join(directory, "sessreap.timer");
  if (stateOf(timer) === undefined) return undefined;
  if (isMasked(timer)) return "sessreap.timer is masked, so no sweep runs by itself (see sessreap doctor)";
  if (!isLinked(directory, "timers.target", "sessreap.timer")) {
    return "sessreap.timer is installed but not enabled, so no sweep runs by itself (see sessreap doctor)";
  }
  const watch = "sessreap-watch.service";
  if (stateOf(join(directory, watch)) !== undefined && !isLinked(directory, "default.target", watch)) {
    return `${watch} is installed but not enabled, so nobody watches (see sessreap doctor)`;
  }
  if (stateOf(`${timer}.d`) !== undefined) return undefined;
  // A sweep by hand says nothing of the timer; the record of an older version does not tell them apart.
  const run = before();
  const lastOk = run?.lastUnitOk ?? run?.lastWholeOk ?? null;
  if (lastOk === null) return undefined;
  const age = nowMs - Date.parse(lastOk);
  return age > 2 * shippedPeriodMs
    ? `sessreap.timer is enabled, but its last sweep that succeeded was ${formatDuration(age)} ago (see sessreap doctor)`
    : undefined;
}

/** Whether a timer or a watch is there for this user at all, the user's own or the system's, from a few looks at files. */
export function isAnyInstalled(env: Env): boolean {
  const [own, system] = [unitNames({ kind: "user" }), unitNames({ kind: "system", user: ownName() })];
  const directory = userUnitDirectory(env);
  const places = [
    join(directory, own.timer),
    join(directory, own.watch),
    ...[directory, "/etc/systemd/user"].flatMap((one) => [
      linkOf(one, "timers.target", own.timer),
      linkOf(one, "default.target", own.watch),
    ]),
    linkOf(systemUnitDirectory, "timers.target", system.timer),
    linkOf(systemUnitDirectory, "multi-user.target", system.watch),
  ];
  return places.some((path) => stateOf(path) !== undefined);
}
