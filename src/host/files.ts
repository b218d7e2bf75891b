import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Span } from "../registries/json-bytes.ts";
import { errorCode, sayError } from "./observed.ts";

/** A file as it was read: where it really is, what it was, and every byte of it. */
export type ReadFile = { readonly realPath: string; readonly stat: BigIntStats; readonly bytes: Buffer };

export type FileRead =
  | { readonly kind: "read"; readonly file: ReadFile }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: string; readonly cure: string };

/** Larger files are refused; Node cannot hold them in one buffer. */
const sizeLimit = 2 ** 31 - 1;

function isStill(before: BigIntStats, after: BigIntStats): boolean {
  return before.ino === after.ino && before.dev === after.dev && before.size === after.size && before.mtimeNs === after.mtimeNs;
}

function readAll(fd: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const got = readSync(fd, bytes, filled, size - filled, filled);
    if (got === 0) break;
    filled += got;
  }
  return bytes.subarray(0, filled);
}

/** Reads an open file until it holds still; undefined when a writer keeps on writing. */
function readStill(fd: number): { readonly stat: BigIntStats; readonly bytes: Buffer } | undefined {
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

const unreadable = (problem: string, cure: string): FileRead => ({ kind: "unreadable", problem, cure });

function readAt(path: string): FileRead {
  const realPath = realpathSync(path);
  // Never blocks: a FIFO without a writer opens at once, and is refused by its kind.
  const fd = openSync(realPath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return unreadable(`is ${kindOf(stat)}`, "name a regular file");
    if (stat.size > sizeLimit) return unreadable(`has ${stat.size} bytes`, `keep it below ${sizeLimit}`);
    const still = readStill(fd);
    if (still === undefined) return unreadable("is being written all the time", "try again when its writer is quiet");
    return { kind: "read", file: { realPath, ...still } };
  } finally {
    closeSync(fd);
  }
}

const cures: Readonly<Record<string, string>> = {
  EACCES: "run as its owner, or let this user read it",
  EPERM: "run as its owner, or let this user read it",
  ELOOP: "point the symbolic link to a file",
  ENXIO: "it is a socket; name a regular file",
  ENOTDIR: "a part of the path is a file; correct the path",
  ENAMETOOLONG: "correct the path",
};

/** Reads a registry through its symbolic links; whatever is no quiet, regular, readable file is said, not thrown. */
export function readRegistryFile(path: string): FileRead {
  try {
    return readAt(path);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT") return unreadable(`cannot be read: ${sayError(error)}`, cures[code ?? ""] ?? "see why it cannot be read");
    return isDangling(path) ? unreadable("is a symbolic link that leads nowhere", "point it to a file, or remove it") : { kind: "missing" };
  }
}

function isDangling(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return errorCode(error) === "ELOOP";
  }
}

export type Replaced =
  | { readonly kind: "replaced" }
  | { readonly kind: "changed" }
  | { readonly kind: "revived" }
  | { readonly kind: "failed"; readonly problem: string };

function writeSpan(fd: number, bytes: Buffer, { start, end }: Span): void {
  for (let at = start; at < end;) at += writeSync(fd, bytes, at, end - at);
}

/** What a new file is made of: spans of the old bytes, and bytes that are put between them. */
export type Piece = Span | Buffer;

function writePieces(fd: number, old: Buffer, pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece)) writeSpan(fd, piece, { start: 0, end: piece.length });
    else writeSpan(fd, old, piece);
  }
}

function holdsPieces(fd: number, old: Buffer, pieces: readonly Piece[]): boolean {
  const written = readAll(fd, Number(fstatSync(fd, { bigint: true }).size));
  let at = 0;
  for (const piece of pieces) {
    const part = Buffer.isBuffer(piece) ? piece : old.subarray(piece.start, piece.end);
    if (!written.subarray(at, at + part.length).equals(part)) return false;
    at += part.length;
  }
  return at === written.length;
}

/** Temporary files carry the pid of their maker, so that the next sweep can tell litter from work in hand. */
export const litterName = /^\.(.+)\.sessreap-(\d+)\.tmp$/;

export function fsyncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The new file, complete, durable, read back, and with the old one's owner and rights; not yet in its place. */
async function prepare(file: ReadFile, pieces: readonly Piece[], copyAttributes: CopyAttributes): Promise<string> {
  const temporary = join(dirname(file.realPath), `.${basename(file.realPath)}.sessreap-${process.pid}.tmp`);
  const fd = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writePieces(fd, file.bytes, pieces);
    // Owner before mode: chown clears the set-id bits.
    const made = fstatSync(fd, { bigint: true });
    if (made.uid !== file.stat.uid || made.gid !== file.stat.gid) fchownSync(fd, Number(file.stat.uid), Number(file.stat.gid));
    fchmodSync(fd, Number(file.stat.mode & 0o7777n));
    await copyAttributes(file.realPath, temporary);
    fsyncSync(fd);
    if (!holdsPieces(fd, file.bytes, pieces)) throw new Error("what was written is not what is read back");
    return temporary;
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Copies what a mode and an owner do not say: ACLs and extended attributes. Throws when it cannot. */
export type CopyAttributes = (from: string, to: string) => Promise<void>;

/**
 * Puts new content in the place of a file, if the file is still the one that was judged. A write loop with a read-back
 * instead of a library: the known ones take a short write for success and leave a truncated registry on a full disk.
 * `lastLook` runs right before the swap and answers false when what was condemned has come back to life.
 */
export async function replaceJudged(
  file: ReadFile,
  pieces: readonly Piece[],
  lastLook: () => Promise<boolean>,
  copyAttributes: CopyAttributes,
): Promise<Replaced> {
  let temporary: string | undefined;
  try {
    temporary = await prepare(file, pieces, copyAttributes);
    if (!(await lastLook())) return { kind: "revived" };
    const now = readAt(file.realPath);
    if (now.kind !== "read" || !isStill(file.stat, now.file.stat) || !now.file.bytes.equals(file.bytes)) return { kind: "changed" };
    renameSync(temporary, file.realPath);
    temporary = undefined;
    fsyncDirectory(dirname(file.realPath));
    return { kind: "replaced" };
  } catch (error) {
    return errorCode(error) === "ENOENT" ? { kind: "changed" } : { kind: "failed", problem: sayError(error) };
  } finally {
    if (temporary !== undefined) unlinkSync(temporary);
  }
}
