import { closeSync, constants, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { stateTemporaryName } from "../files/leftovers.ts";

/** Writes a file of our own state: what is read is old or new, never between. `durable` waits for the disk. */
export function writeStateFile(path: string, text: string, durable = true): void {
  const temporary = stateTemporaryName(path);
  const bytes = Buffer.from(text);
  const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
