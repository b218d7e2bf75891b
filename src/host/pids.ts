import { errorCode } from "./observed.ts";

/** Is any process there? Only ESRCH says no; EPERM means that it is somebody else's. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    if (errorCode(error) === "EPERM") return true;
    throw error;
  }
}
