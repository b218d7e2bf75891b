import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Reason } from "../core/answer.ts";
import type { Cut } from "../registries/json-cuts.ts";
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
  /** base64. */
  readonly content: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Epoch ms. */
  readonly modifiedAt: number;
};

/** What the tombstones that follow have in common; `first` is the number of the first, and each line counts. */
export type Plot = Pick<Tombstone, "at" | "registry" | "format"> & { readonly sweepId: string; readonly first: number } & Pick<
    Tombstone["kept"],
    "layout"
  >;

/** What a tombstone says beyond its plot: 64 MiB are to hold the markers of a whole machine. */
type Stone = Pick<Tombstone, "key" | "sessionId" | "reason" | "detail"> & Partial<Omit<KeptMember, "layout"> & Omit<KeptFile, "layout">>;

/** `void` takes tombstones back whose entries were not reaped after all. */
type Line = { readonly plot: Plot } | { readonly void: readonly string[] } | Stone;

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

const encode = (line: Line): Buffer => Buffer.from(`${JSON.stringify(line)}\n`);

export const encodePlot = (plot: Plot): Buffer => encode({ plot });

export function encodeStone({ key, sessionId, reason, detail, kept }: Omit<Tombstone, "id" | keyof Plot>): Buffer {
  const { layout: _layout, ...rest } = kept;
  return encode({ key, sessionId, reason, detail, ...rest });
}

export function tombstoneId(sweepId: string, number: number): string {
  return `${sweepId}/${number}`;
}

/** A write that failed half way leaves half a line: what is added to it would be taken for a part of it. */
function endsTorn(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

function append(stateDir: string, sweepId: string, lines: Buffer): void {
  const directory = directoryOf(stateDir);
  makeDirectories(directory);
  const path = join(directory, `${sweepId}.jsonl`);
  const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const bytes = endsTorn(fd) ? Buffer.concat([Buffer.from("\n"), lines]) : lines;
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
  append(stateDir, sweepId, encode({ void: ids }));
}

const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

function isPlot(value: unknown): boolean {
  const { sweepId, at, registry, format, layout, first } = (value ?? {}) as Record<keyof Plot, unknown>;
  return [sweepId, at, registry, format].every(isText) && isNumber(first) && (layout === "members" || layout === "files");
}

function isKept(layout: Plot["layout"], value: unknown): boolean {
  const { key, entries, form, cut, member, content, mode, uid, gid, modifiedAt } = value as Record<string, unknown>;
  if (!isText(key)) return false;
  const { start, end } = (member ?? {}) as Record<string, unknown>;
  if (layout === "members") return [entries, form, cut].every(isText) && [start, end].every(isNumber);
  return isText(content) && [mode, uid, gid, modifiedAt].every(isNumber);
}

/** Undefined for a line that no sweep wrote, or not to its end: the last one of a sweep that was killed may be torn. */
function lineOf(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line | null;
    if (typeof line !== "object" || line === null || Array.isArray(line)) return undefined;
    if ("plot" in line) return isPlot(line.plot) ? line : undefined;
    return !("void" in line) || (Array.isArray(line.void) && line.void.every(isText)) ? line : undefined;
  } catch {
    return undefined;
  }
}

/** The tombstones that stand in the text of a sweep's file. */
export function decodeTombstones(text: string): readonly Tombstone[] {
  const found: Tombstone[] = [];
  const taken = new Set<string>();
  let plot: Plot | undefined;
  let number = 0;
  for (const raw of text.split("\n")) {
    const line = raw === "" ? undefined : lineOf(raw);
    if (line !== undefined && "plot" in line) {
      ({ plot } = line);
      number = plot.first;
    } else if (line !== undefined && "void" in line) {
      for (const id of line.void) taken.add(id);
    } else if (plot !== undefined) {
      const { sweepId, at, registry, format, layout } = plot;
      if (line !== undefined && isKept(layout, line)) {
        const { key, sessionId, reason, detail, ...rest } = line;
        const kept = { layout, ...rest } as Tombstone["kept"];
        found.push({ id: tombstoneId(sweepId, number), at, registry, format, key, sessionId, reason, detail, kept });
      }
      number += 1;
    }
  }
  return found.filter(({ id }) => !taken.has(id));
}

/** All tombstones that stand, the oldest first. */
export function readTombstones(stateDir: string): readonly Tombstone[] {
  return stored(stateDir).flatMap(({ path }) => decodeTombstones(readFileSync(path, "utf8")));
}
