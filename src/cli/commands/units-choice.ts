import { findAccess, type Access } from "../../systemd/manage/access.ts";
import type { LayoutChoice } from "../../systemd/manage/layout.ts";
import type { EarlierChoice } from "../../systemd/manage/earlier.ts";
import type { Scope } from "../../systemd/manage/manager.ts";
import { cannotBeQuoted, ownCommand, passingWord } from "../../systemd/manage/own-command.ts";
import { recordedFor, serviceEnvironment } from "../../systemd/manage/recorded.ts";
import type { Recorded } from "../../systemd/units/environment.ts";
import { Failure } from "../failure.ts";
import { accountOf } from "../scope.ts";
import type { Env } from "../config/paths.ts";

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

export function needRoot(scope: Scope): void {
  if (scope.kind === "system" && process.getuid?.() !== 0) {
    throw new Failure("usage", "units for the system are root's to install: run it with sudo");
  }
}

/** What a service needs of the shell, and what the system's service of a user has to write: the user's own manager hides nothing. */
type Needs = { readonly recorded: Recorded; readonly access: Access | undefined };

export async function needsOf(scope: Scope, command: readonly string[], env: Env, dryRun: boolean): Promise<Needs> {
  if (scope.kind === "user") return { recorded: recordedFor(undefined, env), access: undefined };
  const account = await accountOf(scope.user);
  const recorded = recordedFor(account, env);
  if (process.getuid?.() !== 0) return { recorded, access: undefined };
  const access = await findAccess(account, command, serviceEnvironment(account.name, recorded), dryRun);
  if ("problem" in access) throw new Failure("config", access.problem);
  return { recorded, access };
}

export function choose(
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
export function lastingCommand(): readonly string[] {
  const command = ownCommand();
  const passing = passingWord(command);
  if (passing === undefined) return command;
  const cure = "do: install it (npm install -g sessreap), then: sessreap units install";
  throw new Failure("usage", `${passing} was fetched for one run and goes with the next clean-up of its cache`, cure);
}
