import { danglingLink } from "./dangling.ts";
import {
  constants,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
  type Dirent,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { matchSegment, parsePattern, type Captures, type Steps } from "../../registries/pattern.ts";
import { fileState, isLink, stateFrom, type FileState } from "./file-state.ts";
import { filesIn, type FilesOfDirectory, type FoundFiles } from "./found-files.ts";
import { assertTrustedOwners, Dangling, findPlace, UntrustedSymlink } from "./held-directory.ts";
import { parseTemporary } from "./leftovers.ts";
import type { Observed } from "../../core/evidence.ts";
import { errorCode, formatError, isNoEntry, look } from "../observed.ts";

export type Listing =
  | {
      readonly kind: "listed";
      readonly realPath: string;
      readonly stat: BigIntStats;
      readonly files: FoundFiles;
      /** Files in quarantine, by key: those of a sweep that is at work, and those of one that was killed. */
      readonly quarantined: readonly string[];
      /** Directories that could not be read: what is in them is not judged. */
      readonly problems: readonly string[];
    }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: string; readonly cure: string };

/** Directories below a registry's are followed so far and no farther. */
const depthLimit = 8;

/** Entries are small; a larger file is none (in bytes). */
const entryLimit = 64 * 1024;

type Walk = {
  readonly root: string;
  readonly steps: Steps;
  readonly isEntry: (found: Dirent) => boolean;
  readonly files: FilesOfDirectory[];
  readonly quarantined: Set<string>;
  readonly problems: string[];
  /** Keys that were found, where one can be found twice. */
  readonly seen: Set<string> | undefined;
};

/** What is a file of its own, or, in a registry of links, a symbolic link. */
export type EntryKind = "file" | "link";

/** No symbolic link is followed: none leads out of a registry. */
function walk(into: Walk, below: string, at: number, captures: Captures, depth: number): void {
  const { steps } = into;
  const step = steps[at];
  if (step === undefined || depth > depthLimit) return;
  if (step === "deep") walk(into, below, at + 1, captures, depth);
  let names;
  try {
    names = readdirSync(join(into.root, below), { withFileTypes: true });
  } catch (error) {
    if (!isNoEntry(error) || below === "") into.problems.push(`${join(into.root, below)}: ${formatError(error)}`);
    return;
  }
  const isLast = at === steps.length - 1;
  const fitting: string[] = [];
  const keyOf = (name: string): string => (below === "" ? name : `${below}/${name}`);
  for (const name of names) {
    if (step === "deep") {
      if (name.isDirectory()) walk(into, keyOf(name.name), at, captures, depth + 1);
      continue;
    }
    if (isLast && name.name.startsWith(".") && into.isEntry(name)) {
      const original = parseTemporary(name.name)?.of;
      if (original !== undefined && matchSegment(step, original) !== undefined) {
        into.quarantined.add(keyOf(name.name));
        continue;
      }
    }
    const isWanted = isLast ? into.isEntry(name) : name.isDirectory();
    const found = isWanted ? matchSegment(step, name.name) : undefined;
    if (found === undefined) continue;
    if (!isLast) walk(into, keyOf(name.name), at + 1, { ...captures, ...found }, depth + 1);
    else if (into.seen?.has(keyOf(name.name)) !== true) {
      into.seen?.add(keyOf(name.name));
      fitting.push(name.name);
    }
  }
  if (step !== "deep" && fitting.length > 0) into.files.push({ below, step, captures, names: fitting });
}

/** Several patterns can find one file, and so can one pattern that goes down to any depth more than once. */
function findsTwice(patterns: readonly string[]): boolean {
  return patterns.length > 1 || patterns.some((pattern) => parsePattern(pattern).filter((step) => step === "deep").length > 1);
}

/** Where a directory really is, and what it is. A user's symbolic link is followed only to what is that user's. */
function followDirectory(path: string): { readonly realPath: string; readonly stat: BigIntStats } {
  const place = findPlace(path);
  try {
    const stat = lstatSync(place.directory.at(place.name), { bigint: true });
    assertTrustedOwners(place, [stat.uid]);
    return { realPath: resolve(place.realPath), stat };
  } finally {
    place.directory.close();
  }
}

/** Which files of a directory are entries, by their names alone. */
export function listDirectory(path: string, patterns: readonly string[], kind: EntryKind = "file"): Listing {
  try {
    const { realPath, stat } = followDirectory(path);
    if (!stat.isDirectory()) return { kind: "unreadable", problem: "is no directory", cure: "name the directory that holds the entries" };
    const into: Omit<Walk, "steps"> = {
      root: realPath,
      isEntry: (found) => (kind === "link" ? found.isSymbolicLink() : found.isFile()),
      files: [],
      quarantined: new Set(),
      problems: [],
      seen: findsTwice(patterns) ? new Set() : undefined,
    };
    for (const pattern of patterns) walk({ ...into, steps: parsePattern(pattern) }, "", 0, {}, 0);
    const unreadable = into.files.length === 0 ? into.problems[0] : undefined;
    if (unreadable !== undefined) return { kind: "unreadable", problem: unreadable, cure: "run as its owner, or let this user read it" };
    return { kind: "listed", realPath, stat, files: filesIn(into.files), quarantined: [...into.quarantined], problems: into.problems };
  } catch (error) {
    if (error instanceof UntrustedSymlink) return { kind: "unreadable", problem: error.message, cure: "name the directory itself" };
    const link = error instanceof Dangling || errorCode(error) === "ENOENT" ? danglingLink(path) : undefined;
    if (link !== undefined)
      return {
        kind: "unreadable",
        problem: `lies behind ${link}, a symbolic link that leads nowhere`,
        cure: "mount or make what it leads to, or remove the link",
      };
    if (errorCode(error) === "ENOENT") return { kind: "missing" };
    return { kind: "unreadable", problem: formatError(error), cure: "correct the path, or let this user read it" };
  }
}

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

/** Every directory that holds one of these entries. */
export function directoriesOf(root: string, keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => dirname(join(root, key))))];
}
