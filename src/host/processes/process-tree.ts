import { readdirSync, statSync } from "node:fs";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { argvOf } from "../../core/agents/mention-table.ts";
import type { ProcessRow, ProcessTree } from "../../core/agents/process-tree.ts";
import { errorCode, look, formatError } from "../observed.ts";
import { readStat } from "./proc-stat.ts";
import { livingThread, readCommandLine } from "./threads.ts";

/** Every process in one look. `complete` is seen when our own pid, our parent and pid 1 are in it and none refused to be read. */
export type TreeObservation = { readonly tree: ProcessTree; readonly complete: Observed<true> };

/** The start is read before and after the rest, or what was read may be another process that took the pid meanwhile. */
export function readRow(pid: number): ProcessRow | undefined {
  const stat = readStat(pid);
  const argv = argvOf(readCommandLine(pid));
  const { uid } = statSync(`/proc/${pid}`);
  if (readStat(pid).startTicks !== stat.startTicks) return undefined;
  const { parentPid, kernelSession, terminal, startTicks } = stat;
  const { state } = livingThread(pid, stat);
  return { pid, parentPid, kernelSession, terminal, startTicks, uid, state, argv };
}

export function lookAtTree(): Observed<TreeObservation> {
  const listed = look("the process table", () => readdirSync("/proc"));
  if (!listed.seen) return listed;
  const tree = new Map<number, ProcessRow>();
  let problem: string | undefined;
  for (const name of listed.value) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const row = readRow(Number(name));
      if (row !== undefined) tree.set(row.pid, row);
    } catch (error) {
      // A process that ended while we looked is none; one that may not be looked at is a doubt.
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ESRCH") problem = `pid ${name} could not be read: ${formatError(error)}`;
    }
  }
  const missing = [process.pid, process.ppid, 1].find((pid) => pid !== 0 && !tree.has(pid));
  if (missing !== undefined) problem = `pid ${missing} must be there and is not seen: /proc hides processes from us`;
  return seen({ tree, complete: problem === undefined ? seen(true) : unseen(problem) });
}
