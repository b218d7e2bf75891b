import { closeSync, constants, fsyncSync, openSync, renameSync } from "node:fs";
import { writeAll } from "../files/chunks.ts";
import { stateTemporaryName } from "../files/leftovers.ts";

/** Writes a file of our own state: what is read is old or new, never between. `durable` waits for the disk. */
export function writeStateFile(path: string, text: string, durable = true): void {
  const temporary = stateTemporaryName(path);
  const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, Buffer.from(text));
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
