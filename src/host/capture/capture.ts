import { closeSync, constants, fstatSync, lstatSync, openSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { dropLeased, type QuarantinedFile, type LeaseAnswer } from "./capture-lease.ts";
import { findPlace, withPlace, UntrustedSymlink, type DirHandle, type Place } from "../files/held-directory.ts";
import { readSmall } from "../files/directory.ts";
import { isRegular, fileState, stateFrom, type FileState } from "../files/file-state.ts";
import { putBack, temporaryName } from "../files/leftovers.ts";
import { errorCode, formatError } from "../observed.ts";
import { walking, type Enter } from "../files/walk.ts";

/** One file as it was judged: its state, and its bytes where they were read. */
export type JudgedFile = { readonly key: string; readonly state: FileState; readonly bytes: Buffer | undefined };

export type Captured =
  | { readonly kind: "dropped" }
  | { readonly kind: "changed" }
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly problem: string };

/** A writer that had the file open when it was captured gets this long to finish, in ms. */
const writerFinishMs = 1;

const pause = new Int32Array(new SharedArrayBuffer(4));

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

function putBackCaptured(quarantined: string, path: string): Captured {
  const problem = putBack(quarantined, path);
  return problem === undefined ? { kind: "changed" } : { kind: "failed", problem };
}

/** Moves one file into quarantine and looks at it there; returns undefined when it stays there. Its bytes are read before it is dropped. */
export function quarantine(path: string, quarantined: string, judged: JudgedFile): Captured | undefined {
  try {
    // Looked at first, so that a file that is not the judged one is not even moved.
    if (!looksJudged(path, judged)) return { kind: "changed" };
    renameSync(path, quarantined);
  } catch (error) {
    return outcomeOf(error);
  }
  return verified(path, quarantined, judged, looksJudged);
}

function outcomeOf(error: unknown): Captured {
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

/** A file in quarantine, in the directory it came from. */
type InQuarantine = { readonly directory: DirHandle; readonly name: string; readonly quarantined: string };

/** What became of a file that was to go into quarantine. */
type Taken = InQuarantine | { readonly outcome: Captured };

/** Without a lease: a writer that has the file open and has not written yet is not seen. */
function dropUnleased(path: string, quarantined: string, judged: JudgedFile): Captured {
  const back = verified(path, quarantined, judged, isJudged);
  if (back !== undefined) return back;
  try {
    unlinkSync(quarantined);
    return { kind: "dropped" };
  } catch (error) {
    return { kind: "failed", problem: formatError(error) };
  }
}

function dropAs(
  answer: LeaseAnswer,
  { directory: { at }, name, quarantined: quarantinedName }: InQuarantine,
  judged: JudgedFile,
): Captured {
  if (answer === "dropped") return { kind: "dropped" };
  const [path, quarantined] = [at(name), at(quarantinedName)];
  // The helper may have been killed after it removed the file and before it answered: a file that left quarantine was removed.
  if (lstatSync(quarantined, { throwIfNoEntry: false }) === undefined) return { kind: "dropped" };
  if (answer === "unknown") return dropUnleased(path, quarantined, judged);
  try {
    return putBackCaptured(quarantined, path);
  } catch (error) {
    return outcomeOf(error);
  }
}

type OpenedDirectory = { readonly place: Place } | { readonly problem: Captured };

function openEntryDirectory(directory: string): OpenedDirectory {
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

/** The directories of entries, each held open once, so that no other user can lead us elsewhere in between. */
function openDirectories(root: string): { readonly of: (key: string) => OpenedDirectory; readonly close: () => void } {
  const opened = new Map<string, OpenedDirectory>();
  return {
    of: (key) => {
      const below = key.slice(0, Math.max(0, key.lastIndexOf("/")));
      const before = opened.get(below);
      if (before !== undefined) return before;
      const entryDirectory = openEntryDirectory(join(root, below));
      opened.set(below, entryDirectory);
      return entryDirectory;
    },
    close: () => {
      for (const entryDirectory of opened.values()) if ("place" in entryDirectory) entryDirectory.place.directory.close();
    },
  };
}

function quarantineEntry(entryDirectory: OpenedDirectory, one: JudgedFile, enter: Enter): Taken {
  if ("problem" in entryDirectory) return { outcome: entryDirectory.problem };
  const { directory } = entryDirectory.place;
  const name = one.key.slice(one.key.lastIndexOf("/") + 1);
  const quarantinedName = temporaryName(name, "held");
  const at = enter(directory);
  const outcome = quarantine(at(name), at(quarantinedName), one);
  return outcome === undefined ? { directory, name, quarantined: quarantinedName } : { outcome };
}

/**
 * Removes one-file entries that are the ones that were judged: each is moved into quarantine by rename, which no writer
 * can slip through, and verified there; a file that no process has open, by the word of a lease, and that is unchanged is dropped. Where there
 * is no lease, writers that had one open get a moment to finish. One that does not match goes back by link, which never
 * overwrites.
 */
export function captureEntries(root: string, judged: readonly JudgedFile[]): readonly Captured[] {
  const directories = openDirectories(root);
  try {
    const taken = walking((enter) => judged.map((one) => quarantineEntry(directories.of(one.key), one, enter)));
    const leased: QuarantinedFile[] = [];
    const leases = taken.map((what, index): number | undefined => {
      const bytes = judged[index]?.bytes;
      if ("outcome" in what || bytes === undefined) return undefined;
      return leased.push({ directoryFd: what.directory.fd, name: what.quarantined, bytes }) - 1;
    });
    const dropped = dropLeased(leased);
    const answers = leases.map((at): LeaseAnswer => (at === undefined ? "unknown" : (dropped[at] ?? "unknown")));
    const isWaited = taken.some((what, index) => !("outcome" in what) && answers[index] === "unknown");
    if (isWaited) Atomics.wait(pause, 0, 0, writerFinishMs);
    return taken.map((what, index) =>
      "outcome" in what ? what.outcome : dropAs(answers[index] as LeaseAnswer, what, judged[index] as JudgedFile),
    );
  } finally {
    directories.close();
  }
}

/** Removes the directory of an entry that existed for its sake; one that holds more stays. */
export function dropDirectory(root: string, key: string): void {
  const directory = dirname(join(root, key));
  if (directory === root) return;
  try {
    withPlace(directory, "there", (at, name) => rmdirSync(at(name)));
  } catch (error) {
    if (error instanceof UntrustedSymlink) return;
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "ENOENT" && errorCode(error) !== "EEXIST") throw error;
  }
}
