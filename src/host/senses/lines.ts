import { readFileSync } from "node:fs";
import { linesAfter, type Born, type Lines } from "../../core/harnesses/lines.ts";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { isMissing, formatError, look } from "../observed.ts";
import { listPids } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";

/**
 * A look at the process table that reads only the pids that are new in it, so that it can be made every second, and those
 * that are doubted: one that was given out again between two looks is new to no list.
 */
export function linesNow(before: Lines, isAwaited: (one: Born) => boolean, isDoubted: (pid: number) => boolean): Observed<Lines> {
  const listed = look("the process table", listPids);
  if (!listed.seen) return listed;
  const there = new Set(listed.value);
  const missing = [process.pid, process.ppid, 1].find((pid) => pid !== 0 && !there.has(pid));
  if (missing !== undefined) return unseen(`pid ${missing} must be there and is not seen: /proc hides processes from us`);
  const born: Born[] = [];
  for (const pid of there) {
    const line = before.byPid.get(pid);
    if (line !== undefined && !isDoubted(pid)) continue;
    try {
      const { parentPid, kernelSession, startTicks } = readStat(pid);
      if (line?.startTicks === startTicks) continue;
      born.push({ pid, parentPid, kernelSession, startTicks });
    } catch (error) {
      if (!isMissing(error)) return unseen(`pid ${pid} could not be read: ${formatError(error)}`);
    }
  }
  return seen(linesAfter(before, there, born, isAwaited));
}

/**
 * A text that stays the same while no process starts: the last pid that was given out. Undefined where the kernel does not
 * say so; some containers show no pid there. A process that is just being started can have its pid and not be listed yet.
 */
export function lastPid(): string | undefined {
  const text = look("the last pid", () => readFileSync("/proc/loadavg", "latin1"));
  return text.seen ? /\/\d+ ([1-9]\d*)\s*$/.exec(text.value)?.[1] : undefined;
}
