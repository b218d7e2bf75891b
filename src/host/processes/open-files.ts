import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Observed } from "../../core/evidence.ts";
import { isMissing, look } from "../observed.ts";
import { readStat } from "./proc-stat.ts";
import { hasOtherThreads, livingThread } from "./threads.ts";

export type OpenFile = { readonly fd: string; readonly path: string };

function filesIn(directory: string): readonly OpenFile[] {
  const files: OpenFile[] = [];
  for (const fd of readdirSync(directory)) {
    try {
      const path = readlinkSync(`${directory}/${fd}`);
      if (path.startsWith("/") && !path.startsWith("/dev/")) files.push({ fd, path });
    } catch (error) {
      // A file that was closed meanwhile is none.
      if (!isMissing(error)) throw error;
    }
  }
  return files;
}

/**
 * The files that a process holds open, by their paths: sockets, pipes and devices are none. A process whose leader has
 * ended shows them in another thread. Throws what the kernel says.
 */
export function openFilesOf(pid: number): readonly OpenFile[] {
  const files = filesIn(`/proc/${pid}/fd`);
  return files.length > 0 || !hasOtherThreads(pid) ? files : filesIn(`/proc/${livingThread(pid, readStat(pid)).place}/fd`);
}

/** The paths of the files that a process has locked so that no other may (proc_pid_fdinfo(5)); a shared lock is none. */
export function lockedFilesOf(pid: number): readonly string[] {
  return openFilesOf(pid).flatMap(({ fd, path }) => {
    try {
      return /^lock:.*\sWRITE\s/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ? [path] : [];
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  });
}

/** Whether a file is open for writing (proc_pid_fdinfo(5): the access mode is in the last two bits of the flags, in octal). */
export function isOpenForWriting(pid: number, fd: string): Observed<boolean> {
  return look(`file ${fd} of pid ${pid}`, () => {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1];
    if (flags === undefined) throw new Error("this kernel does not tell how it was opened");
    return (Number.parseInt(flags, 8) & 3) !== 0;
  });
}
