import type { CommandDeclaration } from "../declarations/command.ts";
import { Failure } from "../failure.ts";
import type { Env } from "../config/paths.ts";

/** Options of ours that npm has, too, with a meaning of its own: there is no telling whom they were meant for. */
const npmsOwn: ReadonlySet<string> = new Set(["color", "config", "json", "quiet", "registry", "user", "verbose", "yes"]);

/** Commands that write and have no dry run; `owners` only when it is to end a process. */
const unstoppable: ReadonlySet<string> = new Set(["exec", "pick", "reap", "watch"]);

const cure = "write the options of sessreap behind --, as in: npx -- sessreap --dry-run";

type Options = Readonly<Record<string, unknown>>;

function isKept(flags: string, env: Env): boolean {
  const name = /--(?:no-)?([a-z-]+)/.exec(flags)?.[1] ?? "";
  const kept = env[`npm_config_${name.replaceAll("-", "_")}`] ?? "";
  return !npmsOwn.has(name) && name !== "dry-run" && kept !== "";
}

/**
 * The options, as they were typed. `npx --no sessreap --dry-run` takes the command for the value of `--no`, and so all
 * that follows for npm's: sessreap is started without a word, and would sweep in earnest. npm leaves what it took in the
 * environment. A dry run is one all the same, and a grace period that is lost is no run at all.
 */
export function asTyped(
  { name, options: declared }: CommandDeclaration,
  options: Options,
  env: Env,
): { readonly options: Options; readonly note: string | undefined } {
  const kept = declared.filter(({ flags }) => isKept(flags, env)).map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0]);
  if (kept.length > 0) throw new Failure("usage", `npm has kept ${kept.join(", ")} for itself; ${cure}`);
  if (env["npm_config_dry_run"] !== "true" || options["dryRun"] === true) return { options, note: undefined };
  if (declared.some(({ flags }) => flags.includes("--dry-run"))) {
    return { options: { ...options, dryRun: true }, note: `npm was told --dry-run, so this is one; ${cure}` };
  }
  const writes = unstoppable.has(name) || options["retire"] !== undefined;
  if (writes) throw new Failure("usage", `npm was told --dry-run, and ${name} has none; nothing was touched`);
  return { options, note: undefined };
}
