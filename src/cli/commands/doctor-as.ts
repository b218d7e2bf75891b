import { asUser } from "../../systemd/manage/as-user.ts";
import type { Account } from "../../systemd/manage/account.ts";
import type { Scope } from "../../systemd/manage/manager.ts";
import { ownCommand } from "../../systemd/manage/own-command.ts";
import { unitEnvironment } from "../../systemd/status/unit-environment.ts";
import type { Invocation } from "../context.ts";
import { Failure } from "../failure.ts";
import { write } from "../output.ts";

/** A look at all registries and servers of a user takes seconds; a file system that does not answer takes for ever. */
const lookMs = 120_000;

/**
 * Lets the user look, in the environment that the system's service has: root sees more than the service ever will, and what
 * a user writes is not root's to read.
 */
export async function doctorAs(
  account: Account,
  scope: Scope,
  { stdout, stderr }: Pick<Invocation<never>, "stdout" | "stderr">,
): Promise<number> {
  if (process.getuid?.() !== 0) throw new Failure("usage", `--system: only root and ${account.name} can look for ${account.name}`);
  const unit = await unitEnvironment([scope], {});
  const command = ownCommand();
  const looked = await asUser(account, unit?.values ?? {}, [...command, ...process.argv.slice(2)], lookMs);
  if (looked.exitCode === undefined || (looked.failed && looked.stdout === "" && looked.stderr === ""))
    throw new Failure("config", `${account.name} cannot run ${command.join(" ")}: ${looked.shortMessage}`);
  await write(stdout, looked.stdout);
  await write(stderr, looked.stderr);
  return looked.exitCode;
}
