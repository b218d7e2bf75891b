import { readdirSync } from "node:fs";
import { errorCode } from "../observed.ts";

/**
 * Is a process there? Only ESRCH says no; EPERM means that it belongs to another user. Throws for what is no pid. Of the error
 * the code is asked alone: its stack would take most of the time.
 */
export function pidExists(pid: number): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    if (errorCode(error) === "EPERM") return true;
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Every pid that `/proc` lists. */
export function listPids(): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (pid > 0) pids.push(pid);
  }
  return pids;
}
