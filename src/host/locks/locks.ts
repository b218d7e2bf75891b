import { readFileSync } from "node:fs";
import { seen, unseen, type FileLocks, type Observed } from "../../core/evidence.ts";
import type { FileState } from "../files/file-state.ts";
import { isMissing, look } from "../observed.ts";
import { lookHere } from "../processes/linux-here.ts";
import { deviceOf, mayBeOverlay, mountDeviceOf, mountsOf, type Mount } from "./mounts.ts";
import { lookAtOpeners } from "./openers.ts";

/** An entry's own file, as it was found. */
export type EntryFile = { readonly path: string; readonly state: FileState };

/** A lock of the whole machine. Its pid is that of the process which took it, and may be gone; -1 where it has none. */
export type Lock = { readonly type: string; readonly pid: number; readonly device: string };

const lockLine = /^\d+: (FLOCK|POSIX|OFDLCK)\s+\S+\s+\S+\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** Locks by inode. Leases are none, and those that are waited for stand under the one that is held (proc_locks(5)). */
export function locksIn(text: string): ReadonlyMap<number, readonly Lock[]> {
  const locks = new Map<number, Lock[]>();
  for (const line of text.split("\n")) {
    const [, type = "", pid, major = "", minor = "", inode] = lockLine.exec(line) ?? [];
    if (inode === undefined) continue;
    const lock = { type, pid: Number(pid), device: deviceOf(major, minor, 16) };
    const before = locks.get(Number(inode));
    if (before === undefined) locks.set(Number(inode), [lock]);
    else before.push(lock);
  }
  return locks;
}

/**
 * The kernel hands the table out a page at a time, and a lock that is freed meanwhile moves those behind it: one of them
 * can be left out. It is read twice, and what either reading shows counts.
 */
export const readTable = (): string => readFileSync("/proc/locks", "latin1") + readFileSync("/proc/locks", "latin1");

const described = ({ type, pid }: Lock): string =>
  `${{ FLOCK: "an flock", POSIX: "a POSIX lock" }[type] ?? "an OFD lock"}${pid > 0 ? ` that pid ${pid} took` : ""}`;

/** What is known of the locks on a file's inode number; undefined where none of them is on this file. */
function lockOn(path: string, locks: readonly Lock[], mounts: readonly Mount[]): Observed<string> | undefined {
  const device = look(path, () => mountDeviceOf(path, mounts));
  if (!device.seen) return device;
  const held = locks.find((lock) => device.value === undefined || lock.device === device.value);
  if (held !== undefined) return seen(described(held));
  const perhaps = locks.find((lock) => mayBeOverlay(lock.device, mounts, lock.pid));
  return perhaps && unseen(`${described(perhaps)} is on this file or on one of device ${perhaps.device}, which cannot be seen from here`);
}

function lookAtTable(files: Iterable<EntryFile>): FileLocks {
  const found = new Map<string, Observed<string>>();
  const locks = locksIn(readTable());
  let mounts: readonly Mount[] | undefined;
  for (const { path, state } of locks.size === 0 ? [] : files) {
    const ofInode = locks.get(state.ino);
    if (ofInode === undefined) continue;
    try {
      mounts ??= mountsOf("self");
      const lock = lockOn(path, ofInode, mounts);
      if (lock !== undefined) found.set(path, lock);
    } catch (error) {
      // A file that has gone meanwhile is no entry any more.
      if (!isMissing(error)) throw error;
    }
  }
  return found;
}

/**
 * Which of these files are locked, by flock, a POSIX or an OFD lock. In a pid namespace other than the first one the kernel
 * hides the locks of processes outside of it and of those that have ended: there each process that has a file open may hold one.
 */
export function lookAtLocks(files: Iterable<EntryFile>): Observed<FileLocks> {
  const { pidNamespace } = lookHere("");
  return look("the locks on files", () => {
    const table = lookAtTable(files);
    return pidNamespace.seen && pidNamespace.value.initial ? table : new Map([...lookAtOpeners(files), ...table]);
  });
}
