import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { withPlace } from "../files/held-directory.ts";
import { temporaryName } from "../files/leftovers.ts";
import { writeAll } from "../files/chunks.ts";
import { fsyncDirectory } from "../files/files.ts";
import { errorCode } from "../observed.ts";

/** A one-file entry as its tombstone kept it. */
export type FileToRestore = {
  readonly key: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
};

function makeDirectories(root: string, directory: string): void {
  if (directory === root) return;
  makeDirectories(root, dirname(directory));
  withPlace(directory, "perhaps", (at, name) => {
    if (lstatSync(at(name), { throwIfNoEntry: false }) !== undefined) return;
    mkdirSync(at(name), { mode: 0o700 });
    // Its tombstone goes when the entry is back: the way to it must be durable by then.
    fsyncDirectory(at("."));
  });
}

/** Writes a file under a temporary name: whole, durable, and with all that the file system knew of it. */
export function prepareFile(temporary: string, file: FileToRestore): void {
  const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, file.content);
    const made = fstatSync(fd);
    if (made.uid !== file.uid || made.gid !== file.gid) fchownSync(fd, file.uid, file.gid);
    fchmodSync(fd, file.mode & 0o7777);
    futimesSync(fd, file.modifiedAt / 1000, file.modifiedAt / 1000);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function writeBack(path: string, temporary: string, file: FileToRestore): "restored" | "newcomer" {
  prepareFile(temporary, file);
  try {
    linkSync(temporary, path);
    return "restored";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "newcomer";
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

/** Puts a one-file entry back as it was; `newcomer` when something has its name already. */
export function restoreEntryFile(root: string, file: FileToRestore): "restored" | "newcomer" {
  const path = join(root, file.key);
  makeDirectories(root, dirname(path));
  return withPlace(path, "perhaps", (at, name) => writeBack(at(name), at(temporaryName(name, "new")), file));
}
