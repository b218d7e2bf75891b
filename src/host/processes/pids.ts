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
