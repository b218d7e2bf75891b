import { fstatSync, readdirSync, readFileSync, statSync, type BigIntStats } from "node:fs";
import { formatError, isMissing } from "../observed.ts";
import { listPids } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";
import { locksIn, readTable, type Lock } from "./locks.ts";
import { deviceOf, kernelFileOf, mountsOf } from "./mounts.ts";

/** Why a file is left alone: which process writes to it or has locked it, where that can be told. */
export type Busy = { readonly pid: number | undefined; readonly name: string | undefined; readonly why: string };

/** A file, and what was seen of it while all processes were gone through. */
export type Sought = {
  readonly device: string | undefined;
  readonly inode: number;
  readonly stat: BigIntStats;
  readonly lock: Lock | undefined;
  /** A process that has it open, however. */
  user: number | undefined;
  /** A process that has it open for writing, or shares its memory with it. */
  writer: number | undefined;
  /** A process that could have it open, and could not be looked at. */
  unseen: Busy | undefined;
};

function nameOf(pid: number): string | undefined {
  try {
    return readStat(pid).comm;
  } catch {
    // It has ended since; its pid is said all the same.
    return undefined;
  }
}

function calledBy(pid: number): string {
  const name = nameOf(pid);
  return `pid ${pid}${name === undefined ? "" : ` (${name})`}`;
}

export function busyBy(pid: number | undefined, does: string): Busy {
  if (pid === undefined) return { pid, name: undefined, why: `a process that cannot be seen from here ${does}` };
  return { pid, name: nameOf(pid), why: `${calledBy(pid)} ${does}` };
}

/** It is not known that a process uses it, so none is named as its user. */
const doubtful = (why: string): Busy => ({ pid: undefined, name: undefined, why });

/** Another process may have it open only if it may open it: its owner's, root's, and where others may write, theirs. */
function couldWrite(uid: number, { uid: owner, mode }: BigIntStats): boolean {
  return uid === 0 || BigInt(uid) === owner || (mode & 0o022n) !== 0n;
}

function noteUnseen(pid: number, error: unknown, sought: readonly Sought[]): void {
  if (isMissing(error)) return;
  const { uid } = statSync(`/proc/${pid}`);
  // A thread of the kernel has no file open.
  if (readStat(pid).kernelThread) return;
  const why = `${calledBy(pid)} could write to it, and may not be looked at: ${formatError(error)}`;
  for (const file of sought) if (couldWrite(uid, file.stat)) file.unseen ??= doubtful(why);
}

/** The access mode is in the last two bits of the flags, which are in octal (proc_pid_fdinfo(5)). */
function noteOpenFiles(pid: number, sought: readonly Sought[]): void {
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
      const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1];
      const found = inode === undefined ? sought : sought.filter((file) => file.inode === Number(inode));
      if (found.length === 0) continue;
      const { dev, ino } = statSync(`/proc/${pid}/fd/${fd}`, { bigint: true });
      const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1];
      const writes = flags === undefined || (Number.parseInt(flags, 8) & 3) !== 0;
      for (const file of found) {
        if (file.stat.dev !== dev || file.stat.ino !== ino) continue;
        file.user ??= pid;
        if (writes) file.writer ??= pid;
      }
    } catch (error) {
      // A file that was closed meanwhile is open no more.
      if (!isMissing(error)) throw error;
    }
  }
}

/** A device that is not known could be any. */
function isDevice({ device }: Pick<Sought, "device">, other: string): boolean {
  return device === undefined || device === other;
}

/** Memory that is shared with a file outlives the descriptor by which it was opened. */
function noteMappings(pid: number, sought: readonly Sought[]): void {
  for (const line of readFileSync(`/proc/${pid}/maps`, "latin1").split("\n")) {
    const [, major = "", minor = "", inode] = /^\S+ ...s \S+ ([0-9a-f]+):([0-9a-f]+) (\d+)/.exec(line) ?? [];
    if (inode === undefined) continue;
    const device = deviceOf(major, minor, 16);
    for (const file of sought) if (file.inode === Number(inode) && isDevice(file, device)) file.writer ??= pid;
  }
}

export function noteProcess(pid: number, sought: readonly Sought[]): void {
  try {
    noteOpenFiles(pid, sought);
    noteMappings(pid, sought);
  } catch (error) {
    try {
      noteUnseen(pid, error, sought);
    } catch (gone) {
      if (!isMissing(gone)) throw gone;
    }
  }
}

export function goThroughProcesses(sought: readonly Sought[]): void {
  const pids = listPids();
  if (!pids.includes(1)) {
    for (const file of sought) file.unseen ??= doubtful("/proc hides processes that could have it open");
  }
  for (const pid of pids) if (pid !== process.pid) noteProcess(pid, sought);
}

export function verdictOn({ lock, user, writer, unseen }: Sought): Busy | undefined {
  if (writer !== undefined) return busyBy(writer, "has it open for writing");
  // The process that took it may have ended, and its child holds it.
  if (lock !== undefined) return busyBy(user ?? (lock.pid > 0 ? lock.pid : undefined), "has locked it");
  return unseen;
}

export function soughtFor(fds: readonly number[]): readonly Sought[] {
  const [locks, mounts] = [locksIn(readTable()), mountsOf("self")];
  return fds.map((fd): Sought => {
    const stat = fstatSync(fd, { bigint: true });
    const { device, inode = Number(stat.ino) } = kernelFileOf(fd, mounts);
    const lock = locks.get(inode)?.find((one) => isDevice({ device }, one.device));
    return { device, inode, stat, lock, user: undefined, writer: undefined, unseen: undefined };
  });
}
