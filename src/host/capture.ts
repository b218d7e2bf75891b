import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { makeDirectories } from "./directories.ts";
import { asideName, readSmall, type FileState } from "./directory.ts";
import { errorCode, sayError } from "./observed.ts";
import { isThere } from "./pids.ts";

/** One file as it was judged: its state, and its bytes where they were read. */
export type JudgedFile = { readonly key: string; readonly state: FileState; readonly bytes: Buffer | undefined };

export type Captured =
  | { readonly kind: "dropped" }
  | { readonly kind: "changed" }
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly problem: string };

/** A writer that had the file open when it was captured gets this long to finish, in ms. */
const settleMs = 1;

const pause = new Int32Array(new SharedArrayBuffer(4));

function isJudged(path: string, { state, bytes }: JudgedFile): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const now = fstatSync(fd);
    if (now.dev !== state.dev || now.ino !== state.ino || now.size !== state.size || now.mtimeMs !== state.mtimeMs) return false;
    return bytes === undefined || readSmall(fd)?.equals(bytes) === true;
  } finally {
    closeSync(fd);
  }
}

function aside(path: string, what: "held" | "new"): string {
  return join(dirname(path), `.${basename(path)}.sessreap-${process.pid}.${what}`);
}

function putBackCaptured(captured: string, path: string): Captured {
  try {
    linkSync(captured, path);
  } catch (error) {
    // A newer file has taken the name; the one that was captured is what its writer replaced.
    if (errorCode(error) !== "EEXIST") return { kind: "failed", problem: `${sayError(error)}; it is kept as ${captured}` };
  }
  unlinkSync(captured);
  return { kind: "changed" };
}

type Held = { readonly judged: JudgedFile; readonly path: string; readonly captured: string };

/** Takes a file aside by rename, which no writer can slip through, and verifies it there. */
function hold(judged: JudgedFile, path: string): Held | Captured {
  const captured = aside(path, "held");
  try {
    renameSync(path, captured);
  } catch (error) {
    return errorCode(error) === "ENOENT" ? { kind: "gone" } : { kind: "failed", problem: sayError(error) };
  }
  try {
    return isJudged(captured, judged) ? { judged, path, captured } : putBackCaptured(captured, path);
  } catch (error) {
    const back = putBackCaptured(captured, path);
    return back.kind === "failed" ? back : { kind: "failed", problem: sayError(error) };
  }
}

function drop({ judged, path, captured }: Held): Captured {
  try {
    if (judged.bytes !== undefined && !isJudged(captured, judged)) return putBackCaptured(captured, path);
    unlinkSync(captured);
    return { kind: "dropped" };
  } catch (error) {
    const back = putBackCaptured(captured, path);
    return back.kind === "failed" ? back : { kind: "failed", problem: sayError(error) };
  }
}

/**
 * Removes one-file entries that are the ones that were judged: all are taken aside, their writers get one pause to
 * finish, and then each is verified again and dropped. One that does not match goes back by link, which never
 * overwrites.
 */
export function captureEntries(root: string, entries: readonly JudgedFile[]): readonly Captured[] {
  const held = entries.map((judged) => hold(judged, join(root, judged.key)));
  if (held.some((one) => "judged" in one && one.judged.bytes !== undefined)) Atomics.wait(pause, 0, 0, settleMs);
  return held.map((one) => ("judged" in one ? drop(one) : one));
}

/** A sweep holds a file aside for milliseconds; one that is held for longer than this, in ms, was forgotten there. */
const forgottenMs = 60_000;

function isForgotten(path: string, maker: number): boolean {
  if (maker === process.pid || !isThere(maker)) return true;
  return Date.now() - statSync(path).ctimeMs > forgottenMs;
}

/**
 * Puts back what a killed sweep had captured and not yet verified or dropped: whether it may go is for the next
 * judgement to say. What was only being put together is dropped. Keys are those of the files that stand aside; what
 * could not be mended is returned.
 */
export function putBackForgotten(root: string, keys: readonly string[]): readonly string[] {
  const problems: string[] = [];
  for (const key of keys) {
    const path = join(root, key);
    const [, name, maker, what] = asideName.exec(basename(path)) ?? [];
    try {
      if (name === undefined || !isForgotten(path, Number(maker))) continue;
      if (what === "new") unlinkSync(path);
      else {
        const back = putBackCaptured(path, join(dirname(path), name));
        if (back.kind === "failed") problems.push(back.problem);
      }
    } catch (error) {
      if (errorCode(error) !== "ENOENT") problems.push(`${path}: ${sayError(error)}`);
    }
  }
  return problems;
}

/** Removes the directory of an entry that existed for its sake; one that holds more stays. */
export function dropDirectory(root: string, key: string): void {
  const directory = dirname(join(root, key));
  if (directory === root) return;
  try {
    rmdirSync(directory);
  } catch (error) {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "ENOENT" && errorCode(error) !== "EEXIST") throw error;
  }
}

export type FileToRestore = {
  readonly key: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
};

/** Puts a one-file entry back as it was; `newcomer` when something has its name already. */
export function restoreEntryFile(root: string, file: FileToRestore): "restored" | "newcomer" {
  const path = join(root, file.key);
  makeDirectories(dirname(path));
  const temporary = aside(path, "new");
  const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < file.content.length;) at += writeSync(fd, file.content, at);
    const made = fstatSync(fd);
    if (made.uid !== file.uid || made.gid !== file.gid) fchownSync(fd, file.uid, file.gid);
    fchmodSync(fd, file.mode & 0o7777);
    futimesSync(fd, file.modifiedAt / 1000, file.modifiedAt / 1000);
    fsyncSync(fd);
    linkSync(temporary, path);
    return "restored";
  } catch (error) {
    if (errorCode(error) === "EEXIST") return "newcomer";
    throw error;
  } finally {
    closeSync(fd);
    unlinkSync(temporary);
  }
}
