import { join } from "node:path";
import { ownHome } from "../../host/files/homes.ts";
import { cronTable } from "../../systemd/elsewhere/cron.ts";
import { launchdAgent } from "../../systemd/elsewhere/launchd.ts";
import type { Scope } from "../../systemd/manage/manager.ts";
import { cannotBeQuoted } from "../../systemd/manage/own-command.ts";
import { recordedFor } from "../../systemd/manage/recorded.ts";
import type { Env } from "../config/paths.ts";
import { Failure } from "../failure.ts";
import { accountOf } from "../scope.ts";
import type { UnitsOptions } from "./units-choice.ts";

/** What starts a sweep where no systemd does. */
export type Starter = "cron" | "launchd";

export function starterFrom({ cron, launchd, follow, watch }: UnitsOptions, action: string): Starter | undefined {
  const starter = cron === true ? "cron" : launchd === true ? "launchd" : undefined;
  if (starter === undefined) return undefined;
  if (action !== "print") throw new Failure("usage", `units ${action} has no --${starter}; it is an option of units print`);
  if (cron === true && launchd === true) throw new Failure("usage", "--cron and --launchd exclude each other");
  if (typeof follow === "string") throw new Failure("usage", `--follow: ${starter} knows no other units`);
  if (starter === "cron" && watch === true)
    throw new Failure("usage", "--watch: cron keeps nothing up (man sessreap-units has OpenRC's way)");
  return starter;
}

/** A table or a property list for it, to be put where a person wants it. */
export async function printFor(
  starter: Starter,
  scope: Scope,
  command: readonly string[],
  { watch }: UnitsOptions,
  env: Env,
): Promise<string> {
  if (starter === "launchd" && scope.kind === "system")
    throw new Failure("usage", "--system: a launchd agent is a user's own; print it as that user");
  const account = scope.kind === "system" ? await accountOf(scope.user) : undefined;
  const { values: environment } = recordedFor(account, env);
  const unquotable = cannotBeQuoted(command);
  if (unquotable !== undefined) throw new Failure("usage", `${starter} cannot name the path ${JSON.stringify(unquotable)}`);
  if (starter === "cron") return cronTable({ command, environment, user: account?.name });
  return launchdAgent({ command, environment, watch: watch === true, log: join(ownHome(), "Library/Logs/sessreap.log") });
}
