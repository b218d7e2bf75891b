import { readFileSync, statSync } from "node:fs";
import { livingPids } from "./linux.ts";

/** Where a process of a user keeps its files, as its environment alone says. */
export type UsedDirectory = { readonly uid: number; readonly directory: string };

const marker = "CLAUDE_CONFIG_DIR=";

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
  try {
    const [here, there] = [statSync(directory), statSync(`/proc/${pid}/root${directory}`)];
    return here.isDirectory() && here.dev === there.dev && here.ino === there.ino;
  } catch {
    return false;
  }
}

/** The directories that living processes of Claude, and all that these have started, were given for their files. */
export function configDirectories(): readonly UsedDirectory[] {
  const used = new Map<string, UsedDirectory>();
  for (const pid of livingPids() ?? []) {
    const directory = environmentOf(pid)
      .find((line) => line.startsWith(marker))
      ?.slice(marker.length);
    if (directory === undefined || !directory.startsWith("/")) continue;
    const uid = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (uid !== undefined && !used.has(`${uid} ${directory}`) && isSamePlace(pid, directory))
      used.set(`${uid} ${directory}`, { uid, directory });
  }
  return [...used.values()];
}
