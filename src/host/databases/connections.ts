import { readdirSync, readlinkSync, statSync, type BigIntStats } from "node:fs";
import { isMissing } from "../observed.ts";
import { listPids } from "../processes/pids.ts";

type Inode = Pick<BigIntStats, "dev" | "ino">;

/** How many descriptors of a process are this very file. Throws where they may not be looked at. */
function countOpen(pid: number | "self", { dev, ino }: Inode): number {
  const directory = `/proc/${pid}/fd`;
  let count = 0;
  for (const fd of readdirSync(directory)) {
    const open = statSync(`${directory}/${fd}`, { bigint: true, throwIfNoEntry: false });
    if (open?.dev === dev && open.ino === ino) count += 1;
  }
  return count;
}

/**
 * Whether this process has a file open. To open and close it once more would give up every lock that this process holds
 * on it, which is how a database is torn (fcntl(2)).
 */
export function isOpenHere(file: Inode): boolean {
  return process.platform === "linux" && countOpen("self", file) > 0;
}

/** A process that has a database open, and whether its pids are counted where ours are. */
export type Connected = { readonly pid: number; readonly isCountedHere: boolean };

function isCountedHere(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync("/proc/self/ns/pid");
}

/** The other processes that have a file open, as far as they may be looked at. */
export function connectionsTo(file: Inode): readonly Connected[] {
  if (process.platform !== "linux") return [];
  return listPids().flatMap((pid): readonly Connected[] => {
    if (pid === process.pid) return [];
    try {
      return countOpen(pid, file) > 0 ? [{ pid, isCountedHere: isCountedHere(pid) }] : [];
    } catch (error) {
      // What ended meanwhile has nothing open, and what may not be looked at is not counted on.
      if (isMissing(error) || isDenied(error)) return [];
      throw error;
    }
  });
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}
