import { join } from "node:path";
import { makeDirectories } from "./directories.ts";
import { writeStateFile } from "./state-file.ts";
import { readRegularText } from "../files/files.ts";

const fileOf = (stateDir: string): string => join(stateDir, "last-run.json");

/** Returns what the last sweep left; undefined when there was none, or when `isRun` does not understand it. */
export function readLastRun<T>(stateDir: string, isRun: (value: unknown) => value is T): T | undefined {
  try {
    const run: unknown = JSON.parse(readRegularText(fileOf(stateDir)));
    return isRun(run) ? run : undefined;
  } catch {
    return undefined;
  }
}

/** `durable` waits for the disk: the mark of a start may be lost with the machine, the end may not. */
export function writeLastRun(stateDir: string, run: object, durable: boolean): void {
  makeDirectories(stateDir);
  writeStateFile(fileOf(stateDir), `${JSON.stringify(run)}\n`, durable);
}

/**
 * Written beside its place under a name that does not end in `.prom`, so that the collector never reads half of it.
 * Readable by all under any umask: the collector is another user.
 */
export async function writeMetrics(path: string, text: string): Promise<void> {
  const { default: writeFileAtomic } = await import("write-file-atomic");
  await writeFileAtomic(path, text, { mode: 0o644 });
}
