import { constants, closeSync, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { fileState, isLink, stateFrom, type FileState } from "../file-state.ts";
import type { Observed } from "../../../core/evidence.ts";
import { formatError, isNoEntry, look } from "../../observed.ts";

/** Entries are small; a larger file is none (in bytes). */
const entryLimit = 64 * 1024;

export type EntryRead =
  | { readonly kind: "read"; readonly state: FileState; readonly bytes: Buffer }
  | { readonly kind: "gone" }
  | {
      readonly kind: "unreadable";
      readonly state: FileState | undefined;
      readonly problem: string;
      /** Reading it failed, so that nothing is known of what it says. */
      readonly failed: boolean;
    };

/** Read into by one call at a time, and never handed out. */
let scratch: Buffer | undefined;

/**
 * Reads an open file up to the limit for entries; undefined when it is larger. Where a read that could have had more
 * ends where the file system says that the file ends, no second read looks for the end.
 */
export function readSmall(fd: number, size: number): Buffer | undefined {
  scratch ??= Buffer.allocUnsafeSlow(entryLimit + 1);
  const bytes = scratch;
  let filled = 0;
  for (let got = -1; got !== 0 && filled < bytes.length && (got < 0 || filled !== size); filled += got)
    got = readSync(fd, bytes, filled, bytes.length - filled, filled);
  return filled > entryLimit ? undefined : Buffer.from(bytes.subarray(0, filled));
}

export function readEntryFile(root: string, key: string): EntryRead {
  let state: FileState | undefined;
  try {
    const fd = openSync(`${root}/${key}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      state = stateFrom(stat);
      if (!stat.isFile()) return { kind: "unreadable", state, problem: "is no regular file", failed: false };
      const bytes = readSmall(fd, state.size);
      return bytes === undefined
        ? { kind: "unreadable", state, problem: `has more than ${entryLimit} bytes`, failed: false }
        : { kind: "read", state, bytes };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isNoEntry(error)) return { kind: "gone" };
    return { kind: "unreadable", state, problem: `could not be read: ${formatError(error)}`, failed: true };
  }
}

/** Reads where an entry leads that is a symbolic link; what it leads to is not looked at. */
export function readEntryLink(root: string, key: string): EntryRead {
  const path = `${root}/${key}`;
  try {
    const state = fileState(path);
    if (state === undefined) return { kind: "gone" };
    if (!isLink(state)) return { kind: "unreadable", state, problem: "is no symbolic link", failed: false };
    return { kind: "read", state, bytes: readlinkSync(path, "buffer") };
  } catch (error) {
    if (isNoEntry(error)) return { kind: "gone" };
    return { kind: "unreadable", state: undefined, problem: `could not be read: ${formatError(error)}`, failed: true };
  }
}

/** The state of an entry whose content is not needed; undefined when it has gone. */
export function stateOfEntry(root: string, key: string): Observed<FileState | undefined> {
  return look("it could not be looked at", () => fileState(`${root}/${key}`));
}
