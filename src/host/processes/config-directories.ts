import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hangs } from "../files/held-directory.ts";
import { tidyPath } from "../files/homes.ts";
import { livingPids } from "./linux.ts";

/** Where a process of a user keeps its files, as its environment alone says. */
export type UsedDirectory = { readonly uid: number; readonly directory: string };

/** Homes of agents beside the usual ones. */
export type AgentHomes = { readonly claude: readonly string[]; readonly codex: readonly string[] };

export const noHomes: AgentHomes = { claude: [], codex: [] };

/** What a process was told when it started; empty where it has ended, or may not be looked at. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Whether a directory is the same for a process as it is here: in a container the same path leads elsewhere. */
function isSamePlace(pid: number, directory: string): boolean {
  // What cannot be looked at is asked for what it says, and that it cannot be read is then a doubt.
  if (hangs(directory)) return true;
  try {
    const [here, there] = [statSync(directory), statSync(`/proc/${pid}/root${directory}`)];
    return here.isDirectory() && here.dev === there.dev && here.ino === there.ino;
  } catch {
    return false;
  }
}

/**
 * The directories that each of these variables names for living processes, whose environments are read once. `home` leaves
 * only processes that have that one: what runs under another has its agents there.
 */
function directoriesInUse(variables: readonly string[], home?: string): readonly (readonly UsedDirectory[])[] {
  const used = variables.map(() => new Map<string, UsedDirectory>());
  for (const pid of livingPids() ?? []) {
    const environment = environmentOf(pid);
    if (home !== undefined && !environment.some((line) => line.startsWith("HOME=") && tidyPath(line.slice("HOME=".length)) === home))
      continue;
    for (const [index, variable] of variables.entries()) {
      const directory = environment.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
      if (directory === undefined || !directory.startsWith("/")) continue;
      const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
      if (uid !== undefined && used[index]?.has(`${uid} ${directory}`) === false && isSamePlace(pid, directory))
        used[index].set(`${uid} ${directory}`, { uid, directory });
    }
  }
  return used.map((found) => [...found.values()]);
}

/** The directories that living processes of Claude, and all that these have started, were given for their files. */
export function configDirectories(): readonly UsedDirectory[] {
  return directoriesInUse(["CLAUDE_CONFIG_DIR"]).flat();
}

function isDirectoryOf(uid: number, path: string): boolean {
  if (hangs(path)) return true;
  try {
    const found = statSync(path);
    return found.isDirectory() && found.uid === uid;
  } catch {
    return false;
  }
}

/** Claude keeps each profile in a directory of its own, by custom a `~/.claude-NAME`. */
function claudeProfiles(home: string, uid: number): readonly string[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync(home).filter((name) => name.startsWith(".claude"));
  } catch {
    // A home that cannot be listed shows none.
  }
  const paths = names.toSorted().map((name) => join(home, name));
  return paths.filter((path) => isDirectoryOf(uid, path) && ["sessions", "daemon"].some((name) => isDirectoryOf(uid, `${path}/${name}`)));
}

/**
 * Where agents of a user keep what is swept beside the usual places: profiles of Claude in the home, and directories of the
 * user's own that living processes of the same home were given.
 */
export function agentHomes(home: string, uid: number): AgentHomes {
  const [claude = [], codex = []] = directoriesInUse(["CLAUDE_CONFIG_DIR", "CODEX_HOME"], home).map((used) => {
    const own = used.filter((one) => one.uid === uid && isDirectoryOf(uid, one.directory));
    return own.map(({ directory }) => directory.replace(/(?<=.)\/+$/, "")).toSorted();
  });
  return { claude: eachOnce([...claudeProfiles(home, uid), ...claude]), codex: eachOnce(codex) };
}

/** Of several paths to one directory the first. */
function eachOnce(paths: readonly string[]): readonly string[] {
  const identityOf = (path: string): string => {
    const found = hangs(path) ? undefined : statSync(path, { throwIfNoEntry: false });
    return found === undefined ? path : `${found.dev}:${found.ino}`;
  };
  const byIdentity = new Map(paths.toReversed().map((path) => [identityOf(path), path] as const));
  return paths.filter((path) => byIdentity.get(identityOf(path)) === path);
}
