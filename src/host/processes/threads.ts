import { readdirSync, readFileSync, statSync } from "node:fs";
import { look } from "../observed.ts";
import { readStat, type ProcStat } from "./proc-stat.ts";

/** A thread of a process: where it stands below /proc, and its state. */
export type Thread = { readonly place: string; readonly state: string };

const hasEnded = (state: string): boolean => state === "Z" || state === "X";

/**
 * The thread that stands for a process: its leader, or one that runs on although the leader has ended. The leader is a
 * zombie then, and only the other thread still shows what the process runs. Throws what the file system throws.
 */
export function livingThread(pid: number, { state }: Pick<ProcStat, "state">): Thread {
  const leader = { place: String(pid), state };
  if (!hasEnded(state)) return leader;
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const place = `${pid}/task/${id}`;
    const thread = readStat(place);
    if (!hasEnded(thread.state)) return { place, state: thread.state };
  }
  return leader;
}

/** Whether every thread of a process has ended, so that it is a zombie whose parent has not asked for it. */
export function isZombie(pid: number, stat: Pick<ProcStat, "state">): boolean {
  return hasEnded(livingThread(pid, stat).state);
}

/** A directory has two links of its own, and in this one the kernel counts one for each thread (proc_task_getattr). */
const linksOfOneThread = 3;

/** Whether a process has threads beside its leader. */
export function hasOtherThreads(pid: number): boolean {
  return statSync(`/proc/${pid}/task`).nlink > linksOfOneThread;
}

/** The arguments of a process, a zero byte behind each. A process whose leader has ended shows them in another thread. */
export function readCommandLine(pid: number): string {
  const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
  // Threads of the kernel show none either, and are many: one call tells that they have no other thread.
  if (text !== "" || !hasOtherThreads(pid)) return text;
  return readFileSync(`/proc/${livingThread(pid, readStat(pid)).place}/cmdline`, "utf8");
}

/** When the process with this pid started, in ticks; undefined when there is none, only a zombie, or it cannot be seen. */
export function startOfPid(pid: number): string | undefined {
  const stat = look(`pid ${pid}`, () => readStat(pid));
  if (!stat.seen) return undefined;
  const zombie = look(`the threads of pid ${pid}`, () => isZombie(pid, stat.value));
  return zombie.seen && zombie.value ? undefined : stat.value.startTicks;
}
