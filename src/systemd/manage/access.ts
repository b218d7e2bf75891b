import { realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Account } from "./account.ts";
import { asUser } from "./as-user.ts";

/** What the system service of a user has to write. */
export type Access = { readonly stateDir: string; readonly directories: readonly string[]; readonly hidden: readonly string[] };

type ConfigReport = {
  readonly settings: {
    readonly stateDir: { readonly value: string };
    readonly metricsFile: { readonly value?: string };
  };
  readonly registries: readonly { readonly path: string; readonly layout: "members" | "files"; readonly wellKnown: boolean }[];
};

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A directory as it is named, and as it is reached when it is a link. */
function withTarget(directory: string): readonly string[] {
  try {
    return [directory, realpathSync(directory)];
  } catch {
    return [directory];
  }
}

/**
 * The directory in which the entries of a registry are written. The service runs in `/`, so a place that a format looks for
 * in the current directory is none of the user's.
 */
function writtenIn({ path, layout, wellKnown }: ConfigReport["registries"][number]): readonly string[] {
  if (wellKnown && path.startsWith("/.")) return [];
  return [layout === "files" || isDirectory(path) ? path : dirname(path)];
}

/** A directory that holds the home, `/` above all, would open far more than a registry needs. */
function isAbove(directory: string, home: string): boolean {
  return home.startsWith(directory === "/" ? "/" : `${directory}/`);
}

type Env = Readonly<Record<string, string | undefined>>;

/** Whether the nearest directory that is there can be written, without making any. */
const canMake =
  'd=$1; while ! [ -e "$d" ]; do d=$(dirname "$d"); done; [ -d "$d" ] && [ -w "$d" ] || { echo "$d cannot be written" >&2; exit 1; }';

/** Asks the very program that the service will run, as the user it will run as, which places it would write to. */
export async function findAccess(
  account: Account,
  command: readonly string[],
  env: Env,
  dryRun: boolean,
): Promise<Access | { readonly problem: string }> {
  const asked = await asUser(account, env, [...command, "config", "--json"]);
  if (asked.failed) return { problem: `${account.name} cannot run ${command.join(" ")}: ${asked.stderr.trim() || asked.shortMessage}` };
  const { settings, registries } = JSON.parse(asked.stdout) as ConfigReport;
  const { metricsFile, stateDir } = settings;
  const places = registries.flatMap(writtenIn);
  if (metricsFile.value !== undefined) places.push(dirname(metricsFile.value));
  // The state directory is made now: below a home that is read-only the service could not.
  const make = dryRun ? ["sh", "-c", canMake, "sh", stateDir.value] : ["mkdir", "-p", "-m", "700", stateDir.value];
  const made = await asUser(account, env, make);
  if (made.failed) return { problem: `${stateDir.value} cannot be made: ${made.stderr.trim() || made.shortMessage}` };
  const wanted = [...new Set([stateDir.value, ...places].flatMap(withTarget))];
  const directories = wanted.filter((directory) => !isAbove(directory, account.home)).toSorted();
  const usualHome = account.home === `/home/${account.name}`;
  return {
    stateDir: stateDir.value,
    directories,
    hidden: usualHome ? [] : [join(account.home, ".ssh"), join(account.home, ".gnupg")],
  };
}
