import { isTriedNode } from "../sockets/node-binding.ts";
import { errorCode } from "../observed.ts";

/** The numbers that Linux gives these errors. */
const [perm, srch] = [-1, -3];

type Ask = (pid: number) => number;

/**
 * What `process.kill` itself calls. It answers by a number; the error that is made of it takes three times as long as
 * the question (2.6 µs and 0.6 µs), and is thrown for every pid that has gone.
 */
function fastest(): Ask | undefined {
  const ask = (process as unknown as Readonly<Record<string, unknown>>)["_kill"];
  if (!isTriedNode() || typeof ask !== "function") return undefined;
  return (pid) => Number(Reflect.apply(ask, process, [pid, 0]));
}

let chosen: Ask | undefined;

/** As anybody may ask. */
function isThereSlowly(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    if (errorCode(error) === "EPERM") return true;
    throw error;
  }
}

/** Is any process there? Only ESRCH says no; EPERM means that it is somebody else's. Any other answer is asked for again, slowly. */
export function isThere(pid: number): boolean {
  chosen ??= fastest() ?? (() => Number.NaN);
  // What is no such number would be cut down to another pid.
  const answer = pid === (pid | 0) ? chosen(pid) : Number.NaN;
  if (answer === srch) return false;
  return answer === 0 || answer === perm || isThereSlowly(pid);
}
