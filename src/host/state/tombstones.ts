import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { chunkBytes, writeAll } from "../files/chunks.ts";
import { makeDirectories } from "./directories.ts";
import { fsyncDirectory } from "../files/files.ts";
import { errorCode } from "../observed.ts";
import { decodeTombstones, encodeVoid, type Tombstone } from "../../core/tombstone.ts";
import { readRegularText } from "../files/files.ts";

/** Bounds on what is kept. None younger than a day goes: what does not fit is not reaped. */
export const tombstoneLimits = { ageMs: 30 * 86_400_000, bytes: 64 * 1024 * 1024, protectedMs: 86_400_000 } as const;

export const tombstonesIn = (stateDir: string): string => join(stateDir, "tombstones");

type Stored = { readonly path: string; readonly size: number; readonly modifiedMs: number };

function stored(stateDir: string): readonly Stored[] {
  const directory = tombstonesIn(stateDir);
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => {
        const path = join(directory, name);
        const { size, mtimeMs } = statSync(path);
        return { path, size, modifiedMs: mtimeMs };
      })
      .toSorted((a, b) => a.modifiedMs - b.modifiedMs);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Drops what is too old or too much, the oldest first, and returns how many bytes may still be written. Where the time of
 * now is not to be relied on nothing is dropped: all would be as old as a clock that runs ahead makes it.
 */
export function makeRoom(stateDir: string, nowMs: number | undefined): number {
  const files = stored(stateDir);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (nowMs === undefined) return tombstoneLimits.bytes - total;
  for (const { path, size, modifiedMs } of files) {
    const ageMs = nowMs - modifiedMs;
    if (ageMs < tombstoneLimits.protectedMs || (ageMs <= tombstoneLimits.ageMs && total <= tombstoneLimits.bytes / 2)) continue;
    unlinkSync(path);
    total -= size;
  }
  return tombstoneLimits.bytes - total;
}

/** Returns how many bytes the tombstones take. */
export function tombstoneBytes(stateDir: string): number {
  return stored(stateDir).reduce((sum, { size }) => sum + size, 0);
}

/** The sweeps of which tombstones are kept, in the order of time. */
export function tombstonedSweeps(stateDir: string): readonly string[] {
  return stored(stateDir)
    .map(({ path }) => basename(path, ".jsonl"))
    .toSorted();
}

/** Written while they are made, so that a registry's worth of them is never held at once. */
function writeLines(fd: number, lines: Iterable<string>): void {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  // A line of its own, even behind one that a power cut has torn.
  let filled = chunk.write("\n");
  for (const line of lines) {
    // In UTF-8 a character takes three bytes at most.
    const most = line.length * 3;
    if (filled + most > chunkBytes) {
      writeAll(fd, chunk.subarray(0, filled));
      filled = 0;
    }
    if (most > chunkBytes) writeAll(fd, Buffer.from(line));
    else filled += chunk.write(line, filled);
  }
  writeAll(fd, chunk.subarray(0, filled));
}

/** What cannot be cut off either is torn, or speaks for an entry that stays; why it was to go is what must be said. */
function cutBack(fd: number, size: number): void {
  try {
    ftruncateSync(fd, size);
  } catch {
    // The error from before is thrown.
  }
}

/** All of them or none: of those that could not all be written none is left to speak for an entry that stays. */
function append(stateDir: string, sweepId: string, lines: Iterable<string>): void {
  const directory = tombstonesIn(stateDir);
  makeDirectories(directory);
  const path = join(directory, `${sweepId}.jsonl`);
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const { size } = fstatSync(fd);
  try {
    writeLines(fd, lines);
    fsyncSync(fd);
    fsyncDirectory(directory);
  } catch (error) {
    cutBack(fd, size);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Durable before it returns. Throws when it cannot be: then nothing may be reaped. */
export function writeTombstones(stateDir: string, sweepId: string, tombstones: Iterable<string>): void {
  append(stateDir, sweepId, tombstones);
}

export function voidTombstones(stateDir: string, sweepId: string, ids: readonly string[]): void {
  append(stateDir, sweepId, [encodeVoid(ids)]);
}

/** All tombstones that stand, the oldest first. */
export function readTombstones(stateDir: string): readonly Tombstone[] {
  return stored(stateDir).flatMap(({ path }) => decodeTombstones(readRegularText(path)));
}
