import { constants, openSync } from "node:fs";

/**
 * `O_PATH` of every platform that Node runs Linux on: what has a name is held and not opened, so no lease on it is broken
 * and no FIFO is woken, and a directory may be passed through without being listed.
 */
export const pathOnly = 0o10000000;

export function openPath(path: string): number {
  return openSync(path, pathOnly | constants.O_NOFOLLOW);
}
