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
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { findPlace, inPlace, LedAstray, type Place } from "./anchored.ts";
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

/** What stands aside is named after its maker, so that the next sweep can tell what was forgotten there. */
function aside(name: string, what: "held" | "new"): string {
  return `.${name}.sessreap-${process.pid}.${what}`;
}

function putBackCaptured(captured: string, path: string): Captured {
  try {
    linkSync(captured, path);
  } catch (error) {
    // A newer file has taken the name; the one that was captured is what its writer replaced.
    if (errorCode(error) !== "EEXIST") return { kind: "failed", problem: `${sayError(error)}; it is kept as ${basename(captured)}` };
  }
  unlinkSync(captured);
  return { kind: "changed" };
}

/** Takes one file aside and verifies it there; undefined when it is held, and it may go. */
function hold(path: string, held: string, judged: JudgedFile): Captured | undefined {
  try {
    // Looked at first, so that a file that is not the judged one is not even moved aside.
    if (!isJudged(path, judged)) return { kind: "changed" };
    renameSync(path, held);
  } catch (error) {
    return outcomeOf(error);
  }
  return verified(path, held, judged);
}

function outcomeOf(error: unknown): Captured {
  if (error instanceof LedAstray) return { kind: "changed" };
  return errorCode(error) === "ENOENT" ? { kind: "gone" } : { kind: "failed", problem: sayError(error) };
}

/** Undefined for a file that still is the one that was judged; any other goes back. */
function verified(path: string, held: string, judged: JudgedFile): Captured | undefined {
  try {
    return isJudged(held, judged) ? undefined : putBackCaptured(held, path);
  } catch (error) {
    const back = putBackCaptured(held, path);
    return back.kind === "failed" ? back : { kind: "failed", problem: sayError(error) };
  }
}

function drop(path: string, held: string, judged: JudgedFile): Captured {
  const back = verified(path, held, judged);
  if (back !== undefined) return back;
  try {
    unlinkSync(held);
    return { kind: "dropped" };
  } catch (error) {
    return { kind: "failed", problem: sayError(error) };
  }
}

/** The directories of some entries, each held open once, so that nobody can lead us elsewhere in between. */
function openDirectories(root: string, keys: readonly string[]): ReadonlyMap<string, Anchored> {
  const opened = new Map<string, Anchored>();
  for (const key of keys) {
    const directory = dirname(join(root, key));
    if (!opened.has(directory)) opened.set(directory, openAnchored(directory));
  }
  return opened;
}

type Anchored = { readonly place: Place } | { readonly problem: Captured };

function openAnchored(directory: string): Anchored {
  const path = join(directory, "entry");
  try {
    const place = findPlace(path, "perhaps");
    if (place.realPath === path) return { place };
    place.directory.close();
    return { problem: { kind: "changed" } };
  } catch (error) {
    return { problem: outcomeOf(error) };
  }
}

/**
 * Removes one-file entries that are the ones that were judged: each is taken aside by rename, which no writer can slip
 * through, and verified there; once all are held, writers that had one open get a moment to finish, and what is
 * unchanged then is dropped. One that does not match goes back by link, which never overwrites.
 */
export function captureEntries(root: string, judged: readonly JudgedFile[]): readonly Captured[] {
  const directories = openDirectories(
    root,
    judged.map(({ key }) => key),
  );
  try {
    const files = judged.map((one) => {
      const [directory, name] = [dirname(join(root, one.key)), basename(one.key)];
      const anchored = directories.get(directory) as Anchored;
      if ("problem" in anchored) return { one, path: "", held: "", settled: anchored.problem };
      const { at } = anchored.place.directory;
      const [path, held] = [at(name), at(aside(name, "held"))];
      return { one, path, held, settled: hold(path, held, one) };
    });
    if (files.some(({ settled }) => settled === undefined)) Atomics.wait(pause, 0, 0, settleMs);
    return files.map(({ one, path, held, settled }) => settled ?? drop(path, held, one));
  } finally {
    for (const anchored of directories.values()) if ("place" in anchored) anchored.place.directory.close();
  }
}

/** A sweep holds a file aside for milliseconds; one that is held for longer than this, in ms, was forgotten there. */
const forgottenMs = 60_000;

function isForgotten(path: string, maker: number): boolean {
  if (maker === process.pid || !isThere(maker)) return true;
  return Date.now() - lstatSync(path).ctimeMs > forgottenMs;
}

/** What went wrong when one file that stands aside was mended; undefined when nothing did. */
function mend(at: (name: string) => string, held: string): string | undefined {
  const [, name, maker, what] = asideName.exec(held) ?? [];
  if (name === undefined || !isForgotten(at(held), Number(maker))) return undefined;
  if (what === "new") {
    unlinkSync(at(held));
    return undefined;
  }
  const back = putBackCaptured(at(held), at(name));
  return back.kind === "failed" ? back.problem : undefined;
}

/**
 * Puts back what a killed sweep had captured and not yet verified or dropped: whether it may go is for the next
 * judgement to say. What was only being put together is dropped. Keys are those of the files that stand aside; what
 * could not be mended is returned.
 */
export function putBackForgotten(root: string, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => {
    const path = join(root, key);
    try {
      return inPlace(path, "there", mend) ?? [];
    } catch (error) {
      return errorCode(error) === "ENOENT" ? [] : `${path}: ${sayError(error)}`;
    }
  });
}

/** Removes the directory of an entry that existed for its sake; one that holds more stays. */
export function dropDirectory(root: string, key: string): void {
  const directory = dirname(join(root, key));
  if (directory === root) return;
  try {
    inPlace(directory, "there", (at, name) => rmdirSync(at(name)));
  } catch (error) {
    if (error instanceof LedAstray) return;
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

function makeDirectories(root: string, directory: string): void {
  if (directory === root) return;
  makeDirectories(root, dirname(directory));
  inPlace(directory, "perhaps", (at, name) => {
    if (lstatSync(at(name), { throwIfNoEntry: false }) === undefined) mkdirSync(at(name), { mode: 0o700 });
  });
}

function writeBack(path: string, temporary: string, file: FileToRestore): "restored" | "newcomer" {
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

/** Puts a one-file entry back as it was; `newcomer` when something has its name already. */
export function restoreEntryFile(root: string, file: FileToRestore): "restored" | "newcomer" {
  const path = join(root, file.key);
  makeDirectories(root, dirname(path));
  return inPlace(path, "perhaps", (at, name) => writeBack(at(name), at(aside(name, "new")), file));
}
