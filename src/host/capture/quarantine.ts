import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync, unlinkSync } from "node:fs";
import type { Busy } from "../locks/process-look.ts";
import { readSmall } from "../files/entries/entry-files.ts";
import { isRegular, fileState, stateFrom, type FileState } from "../files/file-state.ts";
import { UntrustedSymlink } from "../files/held-directory.ts";
import { putBack } from "../files/leftovers.ts";
import { errorCode, formatError } from "../observed.ts";

/** One file as it was judged: its state, and its bytes where they were read. */
export type JudgedFile = { readonly key: string; readonly state: FileState; readonly bytes: Buffer | undefined };

/** Of a file that is opened in the moment in which it is to go. */
export const cameLate: Busy = { pid: undefined, name: undefined, why: "a process opened it just then" };

export type Captured =
  | { readonly kind: "dropped" }
  | { readonly kind: "changed" }
  | { readonly kind: "gone" }
  | { readonly kind: "busy"; readonly by: Busy }
  | { readonly kind: "failed"; readonly problem: string };

function isState(now: FileState, { dev, ino, size, mtimeMs }: FileState): boolean {
  return now.dev === dev && now.ino === ino && now.size === size && now.mtimeMs === mtimeMs && isRegular(now);
}

/** The same file, and not written since, as far as the file system tells without its being opened. */
function looksJudged(path: string, { state }: JudgedFile): boolean {
  // What is missing is for lstat to say, by the error that it throws.
  return isState(fileState(path) ?? stateFrom(lstatSync(path)), state);
}

/** The same file, holding the very bytes. */
function isJudged(path: string, { state, bytes }: JudgedFile): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return isState(stateFrom(fstatSync(fd)), state) && (bytes === undefined || readSmall(fd, bytes.length)?.equals(bytes) === true);
  } finally {
    closeSync(fd);
  }
}

export function putBackCaptured(quarantined: string, path: string): Captured {
  const problem = putBack(quarantined, path);
  return problem === undefined ? { kind: "changed" } : { kind: "failed", problem };
}

/** What is said of a file that is not the judged one, as far as that shows without its being opened; undefined where it is. */
export function elsewise(path: string, judged: JudgedFile): Captured | undefined {
  try {
    return looksJudged(path, judged) ? undefined : { kind: "changed" };
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Moves one file into quarantine and looks at it there; returns undefined when it stays there. Its bytes are read before it is dropped. */
export function quarantine(path: string, quarantined: string, judged: JudgedFile): Captured | undefined {
  // Looked at first, so that a file that is not the judged one is not even moved.
  const other = elsewise(path, judged);
  if (other !== undefined) return other;
  try {
    renameSync(path, quarantined);
  } catch (error) {
    return outcomeOf(error);
  }
  return verified(path, quarantined, judged, looksJudged);
}

export function outcomeOf(error: unknown): Captured {
  if (error instanceof UntrustedSymlink) return { kind: "changed" };
  return errorCode(error) === "ENOENT" ? { kind: "gone" } : { kind: "failed", problem: formatError(error) };
}

/** Returns undefined if the file is the judged one. Moves any other file back to its path. */
function verified(path: string, quarantined: string, judged: JudgedFile, verify: typeof isJudged): Captured | undefined {
  try {
    return verify(quarantined, judged) ? undefined : putBackCaptured(quarantined, path);
  } catch (error) {
    return { kind: "failed", problem: putBack(quarantined, path) ?? formatError(error) };
  }
}

/** Drops a file in quarantine that still holds the very bytes. */
export function dropQuarantined(path: string, quarantined: string, judged: JudgedFile): Captured {
  const back = verified(path, quarantined, judged, isJudged);
  if (back !== undefined) return back;
  try {
    unlinkSync(quarantined);
    return { kind: "dropped" };
  } catch (error) {
    return { kind: "failed", problem: formatError(error) };
  }
}
