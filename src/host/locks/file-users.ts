import { closeSync } from "node:fs";
import { isMissing } from "../observed.ts";
import { openPath } from "../files/open-path.ts";
import { busyBy, goThroughProcesses, noteProcess, soughtFor, verdictOn, type Busy } from "./process-look.ts";

/** Of open files, in their order, which are busy. */
export type LookAtUsers = (fds: readonly number[]) => readonly (Busy | undefined)[];

/**
 * Of each file whether a process has it open for writing or has locked it, as far as /proc tells. What could not be
 * looked at and could write to it is a doubt, and keeps it. Throws where /proc cannot be read at all.
 */
export function usersOf(fds: readonly number[]): readonly (Busy | undefined)[] {
  if (fds.length === 0 || process.platform !== "linux") return fds.map(() => undefined);
  const sought = soughtFor(fds);
  goThroughProcesses(sought);
  return sought.map(verdictOn);
}

/** So many files are held open at once: a process may have a thousand. */
const atOnce = 256;

function openPaths(paths: readonly string[]): readonly (number | undefined)[] {
  return paths.map((path) => {
    try {
      return openPath(path);
    } catch {
      // One that is not there has no user, and what else stands in the way is said by what is done to it next.
      return undefined;
    }
  });
}

/** The same for files by their paths. */
export function usersAt(paths: readonly string[], look: LookAtUsers = usersOf): readonly (Busy | undefined)[] {
  if (paths.length > atOnce) return [...usersAt(paths.slice(0, atOnce), look), ...usersAt(paths.slice(atOnce), look)];
  const fds = openPaths(paths);
  const opened = fds.filter((fd) => fd !== undefined);
  try {
    const found = look(opened).values();
    return fds.map((fd) => (fd === undefined ? undefined : found.next().value));
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** Whether this very process uses a file; one that may not be looked at counts as using it. */
export function isUsedBy(pid: number, path: string): boolean {
  let fd: number | undefined;
  try {
    fd = openPath(path);
    const sought = soughtFor([fd]);
    noteProcess(pid, sought);
    return sought.some(
      ({ lock, user, writer, unseen }) => writer !== undefined || unseen !== undefined || (lock !== undefined && user !== undefined),
    );
  } catch (error) {
    return !isMissing(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const unnamedUser = busyBy(undefined, "has it open for writing or has locked it");

/** Who uses files for which the kernel has just refused a lease: they are busy by its word, and a look can only name the process. */
function namedUsers(look: () => readonly (Busy | undefined)[]): readonly Busy[] {
  try {
    return look().map((user) => (user?.pid === undefined ? unnamedUser : user));
  } catch {
    return [];
  }
}

/** Who has an open file for which the kernel has just refused a lease. */
export function userRefusing(fd: number): Busy {
  return namedUsers(() => usersOf([fd]))[0] ?? unnamedUser;
}

/** The same of files by their paths. */
export function usersRefusing(paths: readonly string[], look: LookAtUsers): readonly Busy[] {
  const named = namedUsers(() => usersAt(paths, look));
  return paths.map((_, nth) => named[nth] ?? unnamedUser);
}
