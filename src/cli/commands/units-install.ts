import { isLastRun } from "../../report/last-run.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ownHome } from "../../host/files/homes.ts";
import { tombstonedSweeps } from "../../host/state/tombstones.ts";
import { shortSweepId } from "../../report/listing/sweep-names.ts";
import { readLastRun } from "../../host/state/last-run.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { lingers, ownName } from "../../systemd/manage/account.ts";
import { install, planInstall, type Installed, type Plan } from "../../systemd/manage/install.ts";
import { earlierChoice, type EarlierChoice } from "../../systemd/manage/earlier.ts";
import { systemctlWords, unitNames, type Scope } from "../../systemd/manage/manager.ts";
import { recordedLines } from "../../systemd/manage/recorded.ts";
import type { Invocation } from "../context.ts";
import { Failure } from "../failure.ts";
import { paletteFor, writeLines } from "../output.ts";
import { clockTimes } from "../person/times.ts";
import { checkRow, filesRow, firstRunRows, keptRow, lingerRow, unitsText, type UnitsRow } from "../person/units-text.ts";
import { screenFor } from "../screen.ts";
import { stateDirectory } from "../config/paths.ts";
import { choose, lastingCommand, needRoot, needsOf, type UnitsOptions } from "./units-choice.ts";

/** What stays of an earlier installation though these options do not say it. */
function keptRows(options: UnitsOptions, { follow, watch }: EarlierChoice, dot: string): readonly UnitsRow[] {
  return [
    ...(options.follow === undefined && follow !== undefined ? [keptRow(`--follow ${follow}`, "--no-follow", dot)] : []),
    ...(options.watch === undefined && watch ? [keptRow("--watch", "--no-watch", dot)] : []),
  ];
}

function lingerRows(scope: Scope): readonly UnitsRow[] {
  return scope.kind === "system" || lingers(ownName()) !== false ? [] : [lingerRow(ownName())];
}

/** What the first run did. How to put it back is said to the user whose sweep it was. */
function firstRows({ selfTest }: Installed, scope: Scope, stateDir: string, dot: string): readonly UnitsRow[] {
  if (selfTest === undefined) return [];
  const run = readLastRun(stateDir, isLastRun);
  const { counts = null, sweepId = null } = run ?? {};
  const isOwn = scope.kind === "user" && sweepId !== null && (counts?.reaped ?? 0) > 0;
  return firstRunRows(
    {
      ...selfTest,
      counts:
        counts === null ? undefined : { ...counts, registrations: counts.live + counts.ghost + counts.undecided, ghosts: counts.ghost },
      undo: isOwn ? `sessreap restore --sweep ${shortSweepId(sweepId, tombstonedSweeps(stateDir))}` : undefined,
      problems: run?.problems ?? [],
    },
    dot,
  );
}

/** Systemd says it as `Fri 2026-11-27 13:55:00 UTC`. */
function nextTime(next: string | undefined): string {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/.exec(next ?? "") ?? [];
  return day === undefined ? "" : `, next ${clockTimes.time(Date.parse(`${day}T${time}Z`))}`;
}

const plainRow = (line: string): UnitsRow => {
  const [, label = "", text = line] = /^(would [a-z]+|recorded|not recorded|no longer recorded) (.*)$/s.exec(line) ?? [];
  return { label, text: [text] };
};

function plannedLines({ files, stale, endedWatch }: Plan, directory: string, watch: string): readonly string[] {
  const ended = endedWatch === undefined ? [] : [`would disable ${watch}`];
  const removed = endedWatch === undefined || endedWatch.isOthersToo ? stale : [endedWatch.path, ...stale];
  return [...files.map(({ name }) => `would write ${join(directory, name)}`), ...ended, ...removed.map((path) => `would remove ${path}`)];
}

export async function runInstall(invocation: Invocation<UnitsOptions>, scope: Scope, directory: string): Promise<number> {
  const { options, env, version, stdout } = invocation;
  const command = lastingCommand();
  const dryRun = options.dryRun === true;
  needRoot(scope);
  const needs = await needsOf(scope, command, env, dryRun);
  const earlier = earlierChoice(scope, directory);
  const choice = choose(options, { version, command }, earlier, needs);
  const screen = await screenFor(stdout, env);
  const view = { screen, palette: await paletteFor(stdout, "auto") };
  const { dot } = screen.signs;
  const recorded = recordedLines(scope, directory, needs.recorded).map((line) => plainRow(visible(line, 4096)));
  const said = [...recorded, ...keptRows(options, earlier, dot)];
  const turnOn = options.enable !== false;
  const { timer, watch } = unitNames(scope);
  if (dryRun) {
    const plan = await planInstall(scope, directory, choice, turnOn);
    if ("stopped" in plan) throw new Failure("usage", withAdvice(plan.stopped, scope));
    const units = choice.watch ? `${timer} ${watch}` : timer;
    const enabling = turnOn
      ? `would run ${systemctlWords(scope)} daemon-reload, enable --now ${units}, and one sweep`
      : `would not enable: ${units}`;
    const planned = [...plannedLines(plan, directory, watch), enabling].map(plainRow);
    await writeLines(stdout, unitsText([...planned.slice(0, -1), ...said, ...planned.slice(-1), ...lingerRows(scope)], view));
    return exitCodes.done;
  }
  const result = await install(scope, directory, choice, turnOn);
  if ("stopped" in result) throw new Failure("usage", withAdvice(result.stopped, scope));
  const units = choice.watch ? `${timer}, ${watch}` : timer;
  // A calendar of the user's own would stand in a drop-in.
  const pace = existsSync(join(directory, `${timer}.d`)) ? "" : ": every 5 minutes";
  const rows: readonly UnitsRow[] = [
    ...filesRow("wrote", result.written, directory, ownHome()),
    ...said,
    result.enabled ? { label: "on", text: [`${units}${pace}${nextTime(result.next)}`] } : { label: "off", text: [`${units}: not enabled`] },
    ...firstRows(result, scope, needs.access?.stateDir ?? stateDirectory(env), dot),
    ...lingerRows(scope),
    ...(result.enabled ? [checkRow(scope.kind === "system" ? scope.user : undefined)] : []),
  ];
  await writeLines(stdout, unitsText(rows, view));
  return result.selfTest?.ok === false ? exitCodes.partial : exitCodes.done;
}

const otherStarter = `sessreap units print --${process.platform === "darwin" ? "launchd" : "cron"}`;

/** A shell below sudo, su or cron has no manager of its user to talk to. */
function withAdvice(stopped: string, scope: Scope): string {
  if (!stopped.startsWith("nobody answers")) return stopped;
  if (!existsSync("/run/systemd/system")) return `this machine runs no systemd; ${otherStarter} prints what starts sessreap without it`;
  if (scope.kind === "system") return stopped;
  return `${stopped}\nyour manager is not running: log in, or let it run without you (sudo loginctl enable-linger ${ownName()})`;
}
