import { readdirSync } from "node:fs";
import { errorCode } from "../observed.ts";

/** Is a process there? Only ESRCH says no; EPERM means that it belongs to another user. Throws for what is no pid. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    if (errorCode(error) === "EPERM") return true;
    throw error;
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
