import { readFileSync, statSync } from "node:fs";
import { seen, unseen, type FileLocks, type Observed } from "../../core/evidence.ts";
import { formatError, isMissing, look } from "../observed.ts";
import { openFilesOf } from "../processes/open-files.ts";
import { listPids } from "../processes/pids.ts";
import type { EntryFile } from "./locks.ts";

/** The inode of an open file, which newer kernels show without asking its file system (proc_pid_fdinfo(5)). */
function inodeOf(pid: number, fd: string): number {
  const shown = /^ino:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1"))?.[1];
  return shown === undefined ? statSync(`/proc/${pid}/fd/${fd}`).ino : Number(shown);
}

function filesByInode(files: Iterable<EntryFile>): ReadonlyMap<number, readonly EntryFile[]> {
  const byInode = new Map<number, EntryFile[]>();
  for (const file of files) byInode.set(file.state.ino, [...(byInode.get(file.state.ino) ?? []), file]);
  return byInode;
}

/** Which of these files a process has open. One that may not be looked at can have open what its user owns. */
export function lookAtOpeners(files: Iterable<EntryFile>): FileLocks {
  const found = new Map<string, Observed<string>>();
  const byInode = filesByInode(files);
  if (byInode.size === 0) return found;
  const closed = new Map<number, string>();
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    try {
      for (const { fd } of openFilesOf(pid)) {
        for (const { path, state } of byInode.get(inodeOf(pid, fd)) ?? []) {
          if (statSync(`/proc/${pid}/fd/${fd}`).dev === state.dev) found.set(path, seen(`pid ${pid} has it open`));
        }
      }
    } catch (error) {
      if (isMissing(error)) continue;
      const owner = look(`pid ${pid}`, () => statSync(`/proc/${pid}`).uid);
      if (owner.seen) closed.set(owner.value, `the open files of pid ${pid} could not be looked at: ${formatError(error)}`);
    }
  }
  if (closed.size === 0) return found;
  for (const those of byInode.values()) {
    for (const { path, state } of those) {
      const why = closed.get(state.uid);
      if (why !== undefined && !found.has(path)) found.set(path, unseen(why));
    }
  }
  return found;
}
