import { appendFileSync, closeSync, constants, openSync, readSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RetiredProcess } from "../../core/harnesses/retirement.ts";
import { makeStateDirectory } from "./state-directory.ts";
import { errorCode } from "../observed.ts";
import { readRegularText } from "../files/files.ts";

/** One sweep, restore or retirement that did something. */
export type HistoryLine = {
  readonly sweepId: string;
  readonly at: string;
  readonly command: string;
  /** What an operator said, so that an entry went which a sweep would have kept. */
  readonly word?: string;
  readonly entries: readonly {
    readonly registry: string;
    readonly key: string;
    readonly action: string;
    readonly reason: string;
    readonly tombstone: string | undefined;
  }[];
  /** How many more entries there were than are listed here; the tombstones have them all. */
  readonly more?: number;
  readonly processes?: readonly RetiredProcess[];
};

/** One older file of this size, in bytes, is kept beside the current one. */
const rotateAt = 4 * 1024 * 1024;

const fileOf = (stateDir: string): string => join(stateDir, "history.jsonl");

function readIfThere(path: string): string {
  try {
    return readRegularText(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

/** A power cut can leave half a line: what is added to it would be lost with it. */
function endsTorn(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return false;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const last = Buffer.alloc(1);
    return readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(fd);
  }
}

export function appendHistory(stateDir: string, line: HistoryLine): void {
  const path = fileOf(stateDir);
  makeStateDirectory(stateDir);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateAt) renameSync(path, `${path}.1`);
  appendFileSync(path, `${endsTorn(path) ? "\n" : ""}${JSON.stringify(line)}\n`, { mode: 0o600 });
}

function isLine(value: unknown): value is HistoryLine {
  const { sweepId, at, command, entries } = (value ?? {}) as Record<keyof HistoryLine, unknown>;
  return [sweepId, at, command].every((text) => typeof text === "string") && Array.isArray(entries) && entries.every(Boolean);
}

/** The oldest first; a line that a killed sweep left torn is passed over. */
export function readHistory(stateDir: string): readonly HistoryLine[] {
  const path = fileOf(stateDir);
  return `${readIfThere(`${path}.1`)}${readIfThere(path)}`.split("\n").flatMap((line) => {
    try {
      const value: unknown = line === "" ? undefined : JSON.parse(line);
      return isLine(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}
