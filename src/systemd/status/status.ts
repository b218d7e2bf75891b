import { existsSync } from "node:fs";
import { join } from "node:path";
import { searchPath } from "../../host/search-path.ts";
import { formatDuration } from "../../core/duration.ts";
import type { LastRun } from "../../report/model/last-run.ts";
import type { Guard } from "../../report/model/guards.ts";
import { lingers, ownName } from "../manage/account.ts";
import { type Properties, type Scope, showUnits, systemctlWords, unitNames } from "../manage/manager.ts";
import { passingWord } from "../manage/own-command.ts";
import { userUnitDirectory } from "../manage/places.ts";
import { isActive, isEnabled, isOffered, unitExists } from "./findings.ts";
import { askedProperties, unitGuards } from "./unit-guards.ts";
import { watchGuards } from "./watch-guard.ts";
import { shippedPeriodMs } from "../units/units.ts";
import { quietSweepMs } from "../../core/policy.ts";

type Units = { readonly timer: Properties; readonly service: Properties; readonly watch: Properties };

export type TimerObservation = {
  readonly guards: readonly Guard[];
  /** How often a sweep is due; undefined when neither a timer nor a watch is on. */
  readonly periodMs: number | undefined;
};

async function show(scope: Scope): Promise<Units | string> {
  const { timer, service, watch } = unitNames(scope);
  const shown = await showUnits(scope.kind, [timer, service, watch], askedProperties);
  if (!shown.ok) return shown.why;
  return { timer: shown.units[0] ?? {}, service: shown.units[1] ?? {}, watch: shown.units[2] ?? {} };
}

/** The shortest time between two runs of a calendar, asked of systemd unless it is the one that ships. */
async function periodOf({ TimersCalendar: calendars }: Properties): Promise<number> {
  const specs = [...(calendars ?? "").matchAll(/OnCalendar=(.+?) ;/g)].map((match) => match[1] as string);
  const periods = specs.map(async (spec) => {
    if (spec === "*-*-* *:00/5:00") return shippedPeriodMs;
    const env = { TZ: "UTC", LC_ALL: "C", PATH: searchPath() };
    const { execa } = await import("execa");
    const { stdout } = await execa("systemd-analyze", ["calendar", "--iterations=3", "--", spec], {
      reject: false,
      stdin: "ignore",
      cwd: "/",
      env,
    });
    const times = [...(stdout ?? "").matchAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)].map(([, day, time]) =>
      Date.parse(`${day}T${time}Z`),
    );
    const gaps = [...new Set(times)]
      .toSorted((a, b) => a - b)
      .flatMap((time, index, all) => (index === 0 ? [] : [time - (all[index - 1] as number)]));
    return gaps.length === 0 ? shippedPeriodMs : Math.min(...gaps);
  });
  return specs.length === 0 ? shippedPeriodMs : Math.min(...(await Promise.all(periods)));
}

/** The files of the command line. systemd joins the words by blanks, so only what is clear is looked at. */
function filesOf({ ExecStart: exec }: Properties): readonly string[] {
  const parts = /^\{ path=(.+?) ; argv\[\]=(.+?) ; ignore_errors=/.exec(exec ?? "");
  if (parts === null) return [];
  // The words are shown as they are before variables are put in, where `$$` stands for `$`.
  const [path, argv] = [parts[1] as string, (parts[2] as string).replaceAll("$$", () => "$")];
  const script = argv.startsWith(`${path} /`) ? /^(.+) (?:sweep --timer|sweep|watch)$/.exec(argv.slice(path.length + 1))?.[1] : undefined;
  return script === undefined ? [path] : [path, script];
}

const goneFrom = (unit: Properties): string | undefined => filesOf(unit).find((path) => !existsSync(path));

const isTimerOn = ({ timer }: Units): boolean => isActive(timer) || isEnabled(timer);

async function guardsOf(scope: Scope, units: Units, nowMs: number): Promise<TimerObservation> {
  const periodMs = await periodOf(units.timer);
  const [command, names] = [systemctlWords(scope), unitNames(scope)];
  const pair = { ...units, gone: goneFrom(units.service), passing: passingWord(filesOf(units.service)) };
  const hasPair = unitExists(units.timer) || unitExists(units.service);
  const guards = [
    ...(hasPair ? unitGuards({ command, names, nowMs, periodMs, ...pair }) : []),
    ...watchGuards({ command, name: names.watch, watch: units.watch, gone: goneFrom(units.watch) }),
  ];
  const periods = [...(isTimerOn(units) ? [periodMs] : []), ...(isActive(units.watch) ? [quietSweepMs] : [])];
  return { guards, periodMs: periods.length === 0 ? undefined : Math.min(...periods) };
}

/** Units that a package offers and the user did not enable are no guard that is off, unless there is no other guard. */
function wanted<T extends { readonly units: Units }>(found: readonly T[]): readonly T[] {
  const taken = found.filter(({ units }) => Object.values(units).some((unit) => unitExists(unit) && !isOffered(unit)));
  return taken.length > 0 ? taken : found.slice(0, 1);
}

const timerGuard = (name: string, rest: Omit<Guard, "guard" | "name">): Guard => ({ guard: "timer", name, ...rest });

function lingerGuard(name: string): readonly Guard[] {
  if (lingers(ownName()) !== false) return [];
  const detail = "lingering is off: the timer ends some ten seconds after the last session";
  return [timerGuard(name, { posture: "on", cause: "linger-off", detail, cure: `loginctl enable-linger ${ownName()}` })];
}

/** Where no systemd is, cron and its like start sweeps, which the sweeps themselves record. */
function startedElsewhere(lastMs: number | undefined, nowMs: number): TimerObservation {
  const name = "sessreap sweep --timer";
  const ago =
    lastMs === undefined ? "" : ` the last sweep that succeeded and was started with --timer was ${formatDuration(nowMs - lastMs)} ago`;
  if (lastMs !== undefined && nowMs - lastMs <= 2 * shippedPeriodMs) {
    const guard = timerGuard(name, { posture: "on", cause: "fine", detail: `without a systemd:${ago}`, cure: null });
    return { guards: [guard], periodMs: shippedPeriodMs };
  }
  const detail = `this machine runs no systemd, and nothing is seen to start sweeps without it${ago === "" ? "" : `:${ago}`}`;
  const cure = `${process.platform === "darwin" ? "sessreap units print --launchd" : "sessreap units print --cron"}, and put it in place`;
  return { guards: [timerGuard(name, { posture: "off", cause: "no-manager", detail, cure })], periodMs: undefined };
}

/** No units of ours are loaded anywhere: never installed, or installed where no manager runs. */
function absentGuard([scope]: readonly Scope[], why: string | undefined, env: Readonly<Record<string, string | undefined>>): Guard {
  const name = unitNames(scope ?? { kind: "user" }).timer;
  if (why !== undefined && existsSync(join(userUnitDirectory(env), name))) {
    const detail = `the timer is installed, and your manager does not run: ${why}`;
    return timerGuard(name, { posture: "off-runtime-divergent", cause: "no-manager", detail, cure: `loginctl enable-linger ${ownName()}` });
  }
  return timerGuard(name, {
    posture: "off",
    cause: "not-installed",
    detail: "no timer is installed, so nothing sweeps by itself",
    cure: scope?.kind === "system" ? `sudo sessreap units install --system ${scope.user}` : "sessreap units install",
  });
}

/** How the timers and watches of these managers stand: usually the user's own and the system's. */
export async function timerStatus(
  scopes: readonly Scope[],
  env: Readonly<Record<string, string | undefined>>,
  nowMs: number,
  run: LastRun | undefined,
): Promise<TimerObservation> {
  if (!existsSync("/run/systemd/system"))
    return startedElsewhere(run?.lastUnitOk === undefined ? undefined : Date.parse(run.lastUnitOk), nowMs);
  const shown = await Promise.all(scopes.map(show));
  const unitsIn = (kind: Scope["kind"]) => shown[scopes.findIndex((scope) => scope.kind === kind)];
  const [own, ofSystem] = [unitsIn("user"), unitsIn("system")];
  const found = scopes.flatMap((scope, index) => {
    const units = shown[index];
    return typeof units === "object" && Object.values(units).some(unitExists) ? [{ scope, units }] : [];
  });
  if (found.length === 0) return { guards: [absentGuard(scopes, typeof own === "string" ? own : undefined, env)], periodMs: undefined };
  const observations = await Promise.all(wanted(found).map(({ scope, units }) => guardsOf(scope, units, nowMs)));
  const guards = observations.flatMap((observation) => observation.guards);
  const name = unitNames({ kind: "user" }).timer;
  const [ownIsOn, systemIsOn] = [own, ofSystem].map((units) => typeof units === "object" && isTimerOn(units));
  if (ownIsOn === true) guards.push(...lingerGuard(name));
  if (ownIsOn === true && systemIsOn === true) {
    const detail = "your own timer and the system's both sweep for you; they take turns by the run lock";
    guards.push(timerGuard(name, { posture: "on", cause: "two-timers", detail, cure: "sessreap units uninstall (one of the two)" }));
  }
  const periods = observations.flatMap(({ periodMs }) => periodMs ?? []);
  return { guards, periodMs: periods.length === 0 ? undefined : Math.min(...periods) };
}
