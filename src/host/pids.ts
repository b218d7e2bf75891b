import { errorCode } from "./observed.ts";

/**
 * Is any process there? Only ESRCH says no; EPERM means that it is somebody else's. Nobody reads where the error came
 * from, and to write that down takes longer than to ask (5 µs and 2 µs).
 */
export function isThere(pid: number): boolean {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    if (errorCode(error) === "EPERM") return true;
    throw error;
  } finally {
    Error.stackTraceLimit = before;
  }
}
