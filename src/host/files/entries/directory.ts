import { HangingFileSystem, hangingCure } from "../answering.ts";
import { danglingLink } from "../dangling.ts";
import { lstatSync, readdirSync, type BigIntStats, type Dirent } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { matchSegment, parsePattern, type Captures, type Steps } from "../../../registries/pattern.ts";
import { filesIn, type FilesOfDirectory, type FoundFiles } from "./found-files.ts";
import { assertTrustedOwners, Dangling, findPlace, UntrustedSymlink } from "../held-directory.ts";
import { parseTemporary } from "../leftovers.ts";
import { errorCode, formatError, isNoEntry } from "../../observed.ts";

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
      /** How many have an entry's name and are none: links, what is no regular file, and names that are no UTF-8. */
      readonly passedOver: number;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: string; readonly cure: string; readonly hangs?: true };

/** Directories below a registry's are followed so far and no farther. */
const depthLimit = 8;

type Walk = {
  readonly root: string;
  readonly steps: Steps;
  readonly isEntry: (found: Dirent) => boolean;
  readonly files: FilesOfDirectory[];
  readonly quarantined: Set<string>;
  readonly problems: string[];
  readonly passedOver: Set<string>;
  /** Keys that were found, where one can be found twice. */
  readonly seen: Set<string> | undefined;
};

/** What is a file of its own, or, in a registry of links, a symbolic link. */
export type EntryKind = "file" | "link";

/** Node puts U+FFFD for what is no UTF-8 in a name, and then nothing has that name. */
function isNamed({ root }: Walk, key: string): boolean {
  return !key.includes("\uFFFD") || lstatSync(join(root, key), { throwIfNoEntry: false }) !== undefined;
}

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
    const isWanted = isLast ? into.isEntry(name) && isNamed(into, keyOf(name.name)) : name.isDirectory();
    if (isLast && !isWanted && !name.isDirectory() && matchSegment(step, name.name) !== undefined) into.passedOver.add(keyOf(name.name));
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
      passedOver: new Set(),
      seen: findsTwice(patterns) ? new Set() : undefined,
    };
    for (const pattern of patterns) walk({ ...into, steps: parsePattern(pattern) }, "", 0, {}, 0);
    const unreadable = into.files.length === 0 ? into.problems[0] : undefined;
    if (unreadable !== undefined) return { kind: "unreadable", problem: unreadable, cure: "run as its owner, or let this user read it" };
    return {
      kind: "listed",
      realPath,
      stat,
      files: filesIn(into.files),
      quarantined: [...into.quarantined],
      problems: into.problems,
      passedOver: into.passedOver.size,
    };
  } catch (error) {
    if (error instanceof UntrustedSymlink) return { kind: "unreadable", problem: error.message, cure: "name the directory itself" };
    if (error instanceof HangingFileSystem) return { kind: "unreadable", problem: error.message, cure: hangingCure, hangs: true };
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

/** Every directory that holds one of these entries. */
export function directoriesOf(root: string, keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => dirname(join(root, key))))];
}
