import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fsyncDirectory } from "../files/files.ts";
import { errorCode } from "../observed.ts";

/** Makes the name of a new directory durable. Who may not list its parent cannot: then it is so within the kernel's usual seconds. */
export function syncName(path: string): void {
  try {
    fsyncDirectory(dirname(path));
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
  }
}

/**
 * Makes a directory and those above it, for us alone, and durably: a tombstone in a directory that a power cut takes
 * away is none. One at a time: Node's own recursive mkdir never returns where a parent is there
 * and the kernel says ENOENT all the same, as it does below /proc (node 20.20).
 */
export function makeDirectories(path: string): void {
  // Nearly always it is there, and an error that is thrown costs more than a look.
  if (statSync(path, { bigint: true, throwIfNoEntry: false })?.isDirectory() === true) return;
  try {
    mkdirSync(path, { mode: 0o700 });
    syncName(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
    makeDirectories(parent);
    makeDirectories(path);
  }
}
