import { danglingLink } from "./dangling.ts";
import { dirname } from "node:path";
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, readSync, realpathSync, type BigIntStats } from "node:fs";
import { HangingFileSystem, hangingCure } from "./answering.ts";
import { openPath } from "./open-path.ts";
import { assertTrustedSymlinks, Dangling, findPlace, UntrustedSymlink, type Place } from "./held-directory.ts";
import { errorCode, formatError } from "../observed.ts";
import { sleepSync } from "../sleep-sync.ts";

/** A file as it was read: where it really is, what it was, and every byte of it. */
export type ReadFile = { readonly realPath: string; readonly stat: BigIntStats; readonly bytes: Buffer };

export type FileRead =
  | { readonly kind: "read"; readonly file: ReadFile }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: string; readonly cure: string };

/** Node cannot hold a larger file in one buffer. */
export const largestFile = 2 ** 31 - 1;

/** A larger registry is refused unless another size was said. */
export const usualLimit = 512 * 2 ** 20;

export function isStill(before: BigIntStats, after: BigIntStats): boolean {
  return before.ino === after.ino && before.dev === after.dev && before.size === after.size && before.mtimeNs === after.mtimeNs;
}

export function readAll(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const got = readSync(fd, bytes, filled, size - filled, filled);
    if (got === 0) break;
    filled += got;
  }
  return bytes.subarray(0, filled);
}

const chunk = 1024 * 1024;

/** Whether an open file holds these very bytes from here on. It is read in pieces: a second copy of a large one would double what a sweep takes. */
export function holdsAt(fd: number, bytes: Buffer, from: number): boolean {
  const piece = Buffer.allocUnsafe(Math.min(chunk, bytes.length));
  for (let at = 0; at < bytes.length;) {
    const got = readSync(fd, piece, 0, Math.min(piece.length, bytes.length - at), from + at);
    if (got === 0 || !piece.subarray(0, got).equals(bytes.subarray(at, at + got))) return false;
    at += got;
  }
  return true;
}

export type Content = { readonly stat: BigIntStats; readonly bytes: Buffer };

/** Reads an open file until it holds still; undefined when a writer keeps on writing. */
export function readStill(fd: number): Content | undefined {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const stat = fstatSync(fd, { bigint: true });
    const bytes = readAll(fd, Number(stat.size));
    if (isStill(stat, fstatSync(fd, { bigint: true })) && bytes.length === Number(stat.size)) return { stat, bytes };
  }
  return undefined;
}

function kindOf(stat: BigIntStats): string {
  if (stat.isDirectory()) return "a directory";
  if (stat.isFIFO()) return "a FIFO";
  if (stat.isSocket()) return "a socket";
  return stat.isCharacterDevice() || stat.isBlockDevice() ? "a device" : "no regular file";
}

const unreadable = (problem: string, cure: string): Exclude<FileRead, { readonly kind: "read" }> => ({ kind: "unreadable", problem, cure });

const leasePauseMs = 5;
const leasePauses = 100;

/** A file that another sweep holds a lease on answers EAGAIN, and is given up by it within milliseconds. */
function openPatiently(path: string, flags: number): number {
  for (let pauses = 0; ; pauses += 1) {
    try {
      return openSync(path, flags);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN" || pauses === leasePauses) throw error;
      sleepSync(leasePauseMs);
    }
  }
}

/** What is no regular file is not opened: even that can do something to a FIFO or a device. */
export class NoRegularFile extends Error {
  constructor(stat: BigIntStats) {
    super(`is ${kindOf(stat)}`);
  }
}

const byDescriptor = process.platform === "linux";

/** Opens a regular file for reading, and never blocks. What has the name is looked at first, and that very file is opened. */
export function openForReading(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const named = byDescriptor ? openPath(path) : undefined;
  try {
    const stat = named === undefined ? lstatSync(path, { bigint: true }) : fstatSync(named, { bigint: true });
    // Opening it says that it is one.
    if (stat.isSymbolicLink()) return openSync(path, flags | constants.O_NOFOLLOW);
    if (!stat.isFile()) throw new NoRegularFile(stat);
    return named === undefined ? openPatiently(path, flags | constants.O_NOFOLLOW) : openPatiently(`/proc/self/fd/${named}`, flags);
  } finally {
    if (named !== undefined) closeSync(named);
  }
}

/** The text of a small file of ours or another's, through symbolic links; what is no regular file is not opened. */
export function readRegularText(path: string): string {
  const fd = openForReading(realpathSync(path));
  try {
    return readAll(fd, Number(fstatSync(fd, { bigint: true }).size)).toString("utf8");
  } finally {
    closeSync(fd);
  }
}

function tooLarge(size: bigint, limit: number): FileRead | undefined {
  if (size > largestFile) return unreadable(`has ${size} bytes`, `keep it below ${largestFile}`);
  return size > limit ? unreadable(`has ${size} bytes, more than the ${limit} that it may have`, "allow more with --max-size") : undefined;
}

function readPlace(place: Place, limit: number): FileRead {
  const fd = openForReading(place.directory.at(place.name));
  try {
    const stat = fstatSync(fd, { bigint: true });
    assertTrustedSymlinks(place, stat);
    const refused = tooLarge(stat.size, limit);
    if (refused !== undefined) return refused;
    const still = readStill(fd);
    if (still === undefined) return unreadable("is being written all the time", "try again when its writer is quiet");
    return { kind: "read", file: { realPath: place.realPath, ...still } };
  } finally {
    closeSync(fd);
  }
}

const cures: Readonly<Record<string, string>> = {
  EACCES: "run as its owner, or let this user read it",
  EPERM: "run as its owner, or let this user read it",
  ELOOP: "point the symbolic link to a file",
  ENOTDIR: "a part of the path is a file; correct the path",
  ENAMETOOLONG: "correct the path",
  EAGAIN: "another program holds a lease on it; try again",
};

/** Reads a registry through its symbolic links; a path that is no quiet, regular, readable file is reported, not thrown. */
export function readRegistryFile(path: string, maxSize = usualLimit): FileRead {
  return atPlace<FileRead>(path, (place) => readPlace(place, maxSize));
}

/** Reads what a path leads to; an obstacle on the way is reported, not thrown. */
export function atPlace<Result>(path: string, read: (place: Place) => Result): Result | Exclude<FileRead, { readonly kind: "read" }> {
  try {
    const place = findPlace(path);
    try {
      return read(place);
    } finally {
      place.directory.close();
    }
  } catch (error) {
    if (error instanceof NoRegularFile) return unreadable(error.message, "name a regular file");
    if (error instanceof Dangling) return unreadable("is a symbolic link that leads nowhere", "point it to a file, or remove it");
    if (error instanceof UntrustedSymlink) return unreadable(error.message, "name the file itself");
    if (error instanceof HangingFileSystem) return unreadable(error.message, hangingCure);
    const code = errorCode(error);
    const link = code === "ENOENT" ? danglingLink(dirname(path)) : undefined;
    if (link !== undefined)
      return unreadable(`lies behind ${link}, a symbolic link that leads nowhere`, "mount or make what it leads to, or remove the link");
    return code === "ENOENT"
      ? { kind: "missing" }
      : unreadable(`cannot be read: ${formatError(error)}`, cures[code ?? ""] ?? "see why it cannot be read");
  }
}

export function fsyncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
