import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fsyncDirectory, readRegistryFile, type ReadFile } from "./files.ts";
import { errorCode, sayError } from "./observed.ts";

export type TakeOver =
  | { readonly kind: "won" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "failed"; readonly problem: string };

function createNew(path: string, bytes: Buffer, mode: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fchmodSync(fd, mode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isStill({ stat, bytes }: ReadFile, path: string): boolean {
  const now = readRegistryFile(path);
  return now.kind === "read" && now.file.stat.ino === stat.ino && now.file.stat.mtimeNs === stat.mtimeNs && now.file.bytes.equals(bytes);
}

/**
 * Puts a new lock in the place of the one that was judged. Of any number of contenders one creates the claim file
 * (`O_EXCL`); it looks once more whether the lock is still the judged one, and swaps by rename, so that there is no
 * moment without a lock. Who comes later finds another lock than it judged. A claim that a crash left stands in the
 * way, which is said: a stale claim that is stolen is how two win.
 */
export function takeOver(judged: ReadFile, content: Buffer): TakeOver {
  const path = judged.realPath;
  const claim = `${path}.sessreap-claim`;
  const temporary = join(dirname(path), `.${basename(path)}.sessreap-${process.pid}.tmp`);
  try {
    createNew(claim, Buffer.from(`${process.pid}\n`), 0o600);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return { kind: "lost", why: `another takes it over (${claim})` };
    return { kind: "failed", problem: sayError(error) };
  }
  try {
    if (!isStill(judged, path)) return { kind: "lost", why: "it is no longer the lock that was judged" };
    createNew(temporary, content, Number(judged.stat.mode & 0o777n));
    renameSync(temporary, path);
    fsyncDirectory(dirname(path));
    return { kind: "won" };
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made, or has become the lock.
    }
    return { kind: "failed", problem: sayError(error) };
  } finally {
    unlinkSync(claim);
  }
}
