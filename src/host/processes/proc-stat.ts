import { readFileSync } from "node:fs";
import { tickMs } from "../../core/clocks/ticks.ts";

/** Milliseconds since boot at which a process started. */
export function startedAtMs(startTicks: string): number {
  return Number(startTicks) * tickMs;
}

/** The fields of `/proc/<pid>/stat` that identity and ownership need (proc_pid_stat(5)). */
export type ProcStat = {
  readonly comm: string;
  readonly state: string;
  /** It runs in the kernel alone, and never ran a program. */
  readonly kernelThread: boolean;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly kernelSession: number;
  readonly terminal: number;
  /** Field 22, clock ticks since boot. */
  readonly startTicks: string;
};

/** Of the flags in field 9 the one that the kernel sets for its own threads (`PF_KTHREAD`, include/linux/sched.h). */
const kernelThreadFlag = 0x0020_0000;

/** A comm may hold spaces and parentheses, so the fields are counted from behind the last one. */
export function parseStat(text: string): ProcStat {
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  const startTicks = fields[19];
  if (close < 0 || startTicks === undefined || !/^\d+$/.test(startTicks)) throw new Error("a stat file in an unknown shape");
  return {
    comm: text.slice(text.indexOf("(") + 1, close),
    state: fields[0] ?? "?",
    kernelThread: (Number(fields[6]) & kernelThreadFlag) !== 0,
    parentPid: Number(fields[1]),
    processGroup: Number(fields[2]),
    kernelSession: Number(fields[3]),
    terminal: Number(fields[4]),
    startTicks,
  };
}

/** `place` is a pid, `self`, or where a thread stands below /proc. Throws what the file system throws. */
export function readStat(place: number | string): ProcStat {
  return parseStat(readFileSync(`/proc/${place}/stat`, "utf8"));
}
