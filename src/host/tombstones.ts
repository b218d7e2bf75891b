import { closeSync, constants, fsyncSync, openSync, readdirSync, readFileSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Reason } from "../core/answer.ts";
import type { Cut } from "../registries/json-bytes.ts";
import { makeDirectories } from "./directories.ts";
import { fsyncDirectory } from "./files.ts";
import { errorCode } from "./observed.ts";

/** What is kept of a reaped entry, enough to put it back. */
export type Tombstone = {
  /** `SWEEP/NUMBER`, unique for ever. */
  readonly id: string;
  /** When it was reaped, ISO-8601. */
  readonly at: string;
  readonly registry: string;
  readonly format: string;
  readonly key: string;
  readonly sessionId: string | undefined;
  readonly reason: Reason;
  readonly detail: string;
  readonly kept: KeptMember | KeptFile;
};

/** A member of a JSON file: the very bytes that were cut, and between which others they stood. */
export type KeptMember = {
  readonly layout: "members";
  /** JSON pointer to its container. */
  readonly entries: string;
  readonly form: Cut["form"];
  /** The member before it; undefined for the first. */
  readonly after: string | undefined;
  /** base64 of the bytes that were cut, separator included. */
  readonly cut: string;
  /** Where in them the member itself begins and ends. */
  readonly member: { readonly start: number; readonly end: number };
};

/** A one-file entry: its content and what the file system knew of it. */
export type KeptFile = {
  readonly layout: "files";
  /** base64; undefined for a file that said nothing beyond its name. */
  readonly content: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Epoch ms. */
  readonly modifiedAt: number;
};

/** `void` takes tombstones back whose entries were not reaped after all. */
type Line = { readonly tombstone: Tombstone } | { readonly void: readonly string[] };

/** Bounds on what is kept. None younger than a day goes: what does not fit is not reaped. */
export const tombstoneLimits = { ageMs: 30 * 86_400_000, bytes: 64 * 1024 * 1024, protectedMs: 86_400_000 } as const;

const directoryOf = (stateDir: string): string => join(stateDir, "tombstones");

type Stored = { readonly path: string; readonly size: number; readonly modifiedMs: number };

function stored(stateDir: string): readonly Stored[] {
  const directory = directoryOf(stateDir);
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

/** Drops what is too old or too much, the oldest first, and returns how many bytes may still be written. */
export function makeRoom(stateDir: string, nowMs: number): number {
  const files = stored(stateDir);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, modifiedMs } of files) {
    const ageMs = nowMs - modifiedMs;
    if (ageMs < tombstoneLimits.protectedMs || (ageMs <= tombstoneLimits.ageMs && total <= tombstoneLimits.bytes / 2)) continue;
    unlinkSync(path);
    total -= size;
  }
  return tombstoneLimits.bytes - total;
}

export function encodeTombstone(tombstone: Tombstone): Buffer {
  return Buffer.from(`${JSON.stringify({ tombstone } satisfies Line)}\n`);
}

function append(stateDir: string, sweepId: string, bytes: Buffer): void {
  const directory = directoryOf(stateDir);
  makeDirectories(directory);
  const path = join(directory, `${sweepId}.jsonl`);
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  fsyncDirectory(directory);
}

/** Durable before it returns. Throws when it cannot be: then nothing may be reaped. */
export function buryAll(stateDir: string, sweepId: string, tombstones: readonly Buffer[]): void {
  append(stateDir, sweepId, Buffer.concat(tombstones));
}

export function exhume(stateDir: string, sweepId: string, ids: readonly string[]): void {
  append(stateDir, sweepId, Buffer.from(`${JSON.stringify({ void: ids } satisfies Line)}\n`));
}

const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

function isKept(value: unknown): boolean {
  const kept = (value ?? {}) as Record<keyof KeptMember | keyof KeptFile, unknown>;
  const { start, end } = (kept.member ?? {}) as Record<string, unknown>;
  if (kept.layout === "members") return [kept.entries, kept.form, kept.cut].every(isText) && [start, end].every(isNumber);
  const { content, mode, uid, gid, modifiedAt } = kept;
  return kept.layout === "files" && (content === undefined || isText(content)) && [mode, uid, gid, modifiedAt].every(isNumber);
}

/** What somebody else wrote there is no tombstone of ours: nothing is restored from it. */
function isLine(value: unknown): value is Line {
  const line = (value ?? {}) as Record<string, unknown>;
  if (Array.isArray(line["void"])) return true;
  const { id, at, registry, format, key, kept } = (line["tombstone"] ?? {}) as Record<keyof Tombstone, unknown>;
  return [id, at, registry, format, key].every(isText) && isKept(kept);
}

/** Every line that can be read; the last one of a sweep that was killed may be torn. */
function readLines(path: string): readonly Line[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        const value: unknown = line === "" ? undefined : JSON.parse(line);
        return isLine(value) ? [value] : [];
      } catch {
        return [];
      }
    });
}

/** All tombstones that stand, the oldest first. */
export function readTombstones(stateDir: string): readonly Tombstone[] {
  return stored(stateDir).flatMap(({ path }) => {
    const lines = readLines(path);
    const taken = new Set(lines.flatMap((line) => ("void" in line ? line.void : [])));
    return lines.flatMap((line) => ("tombstone" in line && !taken.has(line.tombstone.id) ? [line.tombstone] : []));
  });
}
