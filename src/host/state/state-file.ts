import { closeSync, constants, fsyncSync, openSync, renameSync, writeSync } from "node:fs";

/**
 * Writes a file of our own state: old or new, never between. Only a sweep under the run lock writes there, so one
 * fixed temporary name will do, and what a killed sweep left under it is overwritten by the next. `durable` waits for
 * the disk.
 */
export function writeStateFile(path: string, text: string, durable = true): void {
  const temporary = `${path}.new`;
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
