import { constants, lstatSync, type Stats } from "node:fs";
import { isNoEntry } from "../observed.ts";

/** What identifies one state of a file, and what restoring it needs. */
export type FileState = Pick<Stats, "dev" | "ino" | "size" | "mtimeMs" | "ctimeMs" | "mode" | "uid" | "gid">;

/** A whole `Stats` of each of a hundred thousand files would be most of the memory. */
export function stateFrom({ dev, ino, size, mtimeMs, ctimeMs, mode, uid, gid }: Stats): FileState {
  return { dev, ino, size, mtimeMs, ctimeMs, mode, uid, gid };
}

export function isRegular({ mode }: FileState): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFREG;
}

export function isLink({ mode }: Pick<FileState, "mode">): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFLNK;
}

/** The state of a file, or of the symbolic link that it is; undefined where there is none. Throws where it cannot be looked at. */
export function fileState(path: string): FileState | undefined {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat && stateFrom(stat);
  } catch (error) {
    if (isNoEntry(error)) return undefined;
    throw error;
  }
}
