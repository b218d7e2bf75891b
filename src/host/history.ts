import { appendFileSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RetiredProcess } from "../core/retirement.ts";
import { makeDirectories } from "./directories.ts";
import { errorCode } from "./observed.ts";

/** One sweep, restore or retirement that did something. */
export type HistoryLine = {
  readonly sweepId: string;
  readonly at: string;
  readonly command: string;
  readonly entries: readonly {
    readonly registry: string;
    readonly key: string;
    readonly action: string;
    readonly reason: string;
    readonly tombstone: string | undefined;
  }[];
  /** How many more entries there were than are told here; the tombstones have them all. */
  readonly more?: number;
  readonly processes?: readonly RetiredProcess[];
};

/** One older file of this size, in bytes, is kept beside the current one. */
const rotateAt = 4 * 1024 * 1024;

const fileOf = (stateDir: string): string => join(stateDir, "history.jsonl");

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

export function appendHistory(stateDir: string, line: HistoryLine): void {
  const path = fileOf(stateDir);
  makeDirectories(stateDir);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateAt) renameSync(path, `${path}.1`);
  appendFileSync(path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/** The oldest first; a line that a killed sweep left torn is passed over. */
export function readHistory(stateDir: string): readonly HistoryLine[] {
  const path = fileOf(stateDir);
  return `${readIfThere(`${path}.1`)}${readIfThere(path)}`.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as HistoryLine];
    } catch {
      return [];
    }
  });
}
