import { isLastRun } from "../../report/last-run.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
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
import { write, writeLines } from "../output.ts";
import { printFor, starterFrom } from "./units-print.ts";
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
function keptLines(options: UnitsOptions, { follow, watch }: EarlierChoice): readonly string[] {
  return [
    ...(options.follow === undefined && follow !== undefined ? [`kept: --follow ${follow} (--no-follow ends it)`] : []),
    ...(options.watch === undefined && watch ? ["kept: --watch (--no-watch ends it)"] : []),
  ];
}

function lingerHint(scope: Scope): readonly string[] {
  if (scope.kind === "system" || lingers(ownName()) !== false) return [];
  return [
    "",
    "ATTENTION: lingering is off. The timer stops about ten seconds after your last session ends.",
    `  Turn it on:  loginctl enable-linger ${ownName()}   (or: sudo loginctl enable-linger ${ownName()})`,
  ];
}

/** What the first run did, in the words of its own record. */
function formatFirstRun({ selfTest }: Installed, stateDir: string): readonly string[] {
  if (selfTest === undefined) return [];
  const run = readLastRun(stateDir, isLastRun);
  const counts = run?.counts;
  const said =
    counts === null || counts === undefined
      ? ""
      : `: ${counts.live + counts.ghost + counts.undecided} registrations, ${counts.ghost} ghosts, ${counts.reaped} reaped`;
  const problems = (run?.problems ?? []).map((problem) => `  ${visible(problem)}`);
  return selfTest.ok
    ? [`first run: ok${said}`, ...problems]
    : [`first run: FAILED (${visible(selfTest.detail)})`, ...problems, "  see: sessreap doctor"];
}

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
  const said = [...recordedLines(scope, directory, needs.recorded).map((line) => visible(line)), ...keptLines(options, earlier)];
  const turnOn = options.enable !== false;
  const { timer, watch } = unitNames(scope);
  const units = choice.watch ? `${timer} ${watch}` : timer;
  if (dryRun) {
    const plan = await planInstall(scope, directory, choice, turnOn);
    if ("stopped" in plan) throw new Failure("usage", withAdvice(plan.stopped, scope));
    const enabling = turnOn
      ? `would run ${systemctlWords(scope)} daemon-reload, enable --now ${units}, and one sweep`
      : `would not enable: ${units}`;
    await writeLines(stdout, [...plannedLines(plan, directory, unitNames(scope).watch), ...said, enabling, ...lingerHint(scope)]);
    return exitCodes.done;
  }
  const result = await install(scope, directory, choice, turnOn);
  if ("stopped" in result) throw new Failure("usage", withAdvice(result.stopped, scope));
  const enabled = result.enabled ? [`enabled ${units}; next run ${result.next ?? "unknown"}`] : [`not enabled: ${units}`];
  await writeLines(stdout, [
    ...result.written.map((path) => `wrote ${path}`),
    ...said,
    ...enabled,
    ...formatFirstRun(result, needs.access?.stateDir ?? stateDirectory(env)),
    ...lingerHint(scope),
  ]);
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
