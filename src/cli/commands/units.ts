import { isLastRun } from "../../report/last-run.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ownHome } from "../../host/files/homes.ts";
import { tombstonedSweeps } from "../../host/state/tombstones.ts";
import { shortSweepId } from "../../report/listing/sweep-names.ts";
import { readLastRun } from "../../host/state/last-run.ts";
import { exitCodes } from "../../report/exit-code.ts";
import { visible } from "../../report/visible.ts";
import { findAccess, type Access } from "../../systemd/manage/access.ts";
import { lingers, ownName } from "../../systemd/manage/account.ts";
import { install, planInstall, type Installed, type Plan } from "../../systemd/manage/install.ts";
import { layout, type LayoutChoice } from "../../systemd/manage/layout.ts";
import { earlierChoice, type EarlierChoice } from "../../systemd/manage/earlier.ts";
import { systemctlWords, unitNames, type Scope } from "../../systemd/manage/manager.ts";
import { cannotBeQuoted, ownCommand, passingWord } from "../../systemd/manage/own-command.ts";
import { systemUnitDirectory, userUnitDirectory } from "../../systemd/manage/places.ts";
import { recordedFor, recordedLines, serviceEnvironment } from "../../systemd/manage/recorded.ts";
import { uninstall } from "../../systemd/manage/uninstall.ts";
import type { Recorded } from "../../systemd/units/environment.ts";
import type { Invocation, Run } from "../context.ts";
import { Failure } from "../failure.ts";
import { writeWarnings } from "../messages.ts";
import { paletteFor, write, writeLines } from "../output.ts";
import { printFor, starterFrom } from "./units-print.ts";
import { clockTimes } from "../person/times.ts";
import { checkRow, filesRow, firstRunRows, keptRow, lingerRow, unitsText, type UnitsRow } from "../person/units-text.ts";
import { screenFor } from "../screen.ts";
import { accountOf, scopeFrom } from "../scope.ts";
import { checkPlaces, stateDirectory, type Env } from "../config/paths.ts";
import { didYouMean } from "../suggest.ts";

export type UnitsOptions = {
  readonly user?: boolean;
  readonly system?: string;
  /** False with `--no-follow`. */
  readonly follow?: string | false;
  /** False with `--no-watch`. */
  readonly watch?: boolean;
  /** False with `--no-enable`. */
  readonly enable?: boolean;
  readonly dryRun?: boolean;
  readonly cron?: boolean;
  readonly launchd?: boolean;
};

const actions = ["install", "uninstall", "print"] as const;

function needRoot(scope: Scope): void {
  if (scope.kind === "system" && process.getuid?.() !== 0) {
    throw new Failure("usage", "units for the system are root's to install: run it with sudo");
  }
}

/** What a service needs of the shell, and what the system's service of a user has to write: the user's own manager hides nothing. */
type Needs = { readonly recorded: Recorded; readonly access: Access | undefined };

async function needsOf(scope: Scope, command: readonly string[], env: Env, dryRun: boolean): Promise<Needs> {
  if (scope.kind === "user") return { recorded: recordedFor(undefined, env), access: undefined };
  const account = await accountOf(scope.user);
  const recorded = recordedFor(account, env);
  if (process.getuid?.() !== 0) return { recorded, access: undefined };
  const access = await findAccess(account, command, serviceEnvironment(account.name, recorded), dryRun);
  if ("problem" in access) throw new Failure("config", access.problem);
  return { recorded, access };
}

function choose(
  options: UnitsOptions,
  { version, command }: Pick<LayoutChoice, "version" | "command">,
  earlier: EarlierChoice,
  { recorded, access }: Needs,
): LayoutChoice {
  const follow = options.follow === false ? undefined : (options.follow ?? earlier.follow);
  const watch = options.watch ?? earlier.watch;
  const unquotable = cannotBeQuoted([...command, ...(access?.directories ?? [])]);
  if (unquotable !== undefined) throw new Failure("usage", `a unit cannot name the path ${JSON.stringify(unquotable)}`);
  if (follow !== undefined && !/^[\w:.@\\-]+\.[a-z]+$/.test(follow)) {
    throw new Failure("usage", `--follow: "${follow}" is not a unit's name such as llmmsg-bridge.service`);
  }
  const [writable, hidden] = [access?.directories ?? [], access?.hidden ?? []];
  return { command, version, follow, watch, writable, hidden, environment: recorded.values };
}

/** The words that run this program for as long as it is installed. */
function lastingCommand(): readonly string[] {
  const command = ownCommand();
  const passing = passingWord(command);
  if (passing === undefined) return command;
  const cure = "do: install it (npm install -g sessreap), then: sessreap units install";
  throw new Failure("usage", `${passing} was fetched for one run and goes with the next clean-up of its cache`, cure);
}

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

async function runInstall(invocation: Invocation<UnitsOptions>, scope: Scope, directory: string): Promise<number> {
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

export const runUnits: Run<UnitsOptions> = async (invocation) => {
  const { words, options, env, version, stdout } = invocation;
  const action = actions.find((name) => name === words[0]);
  if (action === undefined)
    throw new Failure("usage", `units: "${words[0]}" is not one of ${actions.join(", ")}${didYouMean(words[0] ?? "", actions)}`);
  checkPlaces(env);
  const scope = scopeFrom(options);
  const starter = starterFrom(options, action);
  if (starter !== undefined) {
    await write(stdout, await printFor(starter, scope, lastingCommand(), options, env));
    return exitCodes.done;
  }
  const directory = scope.kind === "user" ? userUnitDirectory(env) : systemUnitDirectory;
  if (action === "install") return runInstall(invocation, scope, directory);
  if (action === "print") {
    const command = lastingCommand();
    const needs = await needsOf(scope, command, env, true);
    const files = layout(scope, choose(options, { version, command }, earlierChoice(scope, directory), needs));
    await writeLines(
      stdout,
      files.flatMap(({ name, text }) => [`# ${join(directory, name)}`, text]),
    );
    return exitCodes.done;
  }
  if (options.dryRun === true) throw new Failure("usage", "units uninstall has no dry run");
  needRoot(scope);
  const { removed, left, problems } = await uninstall(scope, directory, env);
  const nothing = removed.length === 0 && left.length === 0 ? ["nothing was installed"] : [];
  await writeLines(stdout, [
    ...removed.map((path) => `removed ${path}`),
    ...left.map((path) => `left ${path} (not written by sessreap, or edited since)`),
    ...nothing,
  ]);
  await writeWarnings(invocation.stderr, problems);
  return problems.length > 0 ? exitCodes.partial : exitCodes.done;
};
