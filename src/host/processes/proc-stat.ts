import { readFileSync } from "node:fs";

/** The fields of `/proc/<pid>/stat` that identity and ownership need (proc_pid_stat(5)). */
export type ProcStat = {
  readonly comm: string;
  readonly state: string;
  readonly parentPid: number;
  readonly kernelSession: number;
  readonly terminal: number;
  /** Field 22, clock ticks since boot. */
  readonly startTicks: string;
};

/** A comm may hold spaces and parentheses, so the fields are counted from behind the last one. */
export function parseStat(text: string): ProcStat {
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  const startTicks = fields[19];
  if (close < 0 || startTicks === undefined || !/^\d+$/.test(startTicks)) throw new Error("a stat file in an unknown shape");
  return {
    comm: text.slice(text.indexOf("(") + 1, close),
    state: fields[0] ?? "?",
    parentPid: Number(fields[1]),
    kernelSession: Number(fields[3]),
    terminal: Number(fields[4]),
    startTicks,
  };
}

/** `pid` may be `self`. Throws what the file system throws. */
export function readStat(pid: number | "self"): ProcStat {
  return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
}
