import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeAll } from "../files/chunks.ts";
import { assertTrustedOwners, findPlace } from "../files/held-directory.ts";
import { temporaryName } from "../files/leftovers.ts";
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

/**
 * Written under the run lock, which makes the directory. `durable` waits for the disk: the mark of a start may be lost with the
 * machine, the end may not.
 */
export function writeLastRun(stateDir: string, run: object, durable: boolean): void {
  writeStateFile(fileOf(stateDir), `${JSON.stringify(run)}\n`, durable);
}

/**
 * Written beside its place under a name that does not end in `.prom`, so that the collector never reads half of it, and
 * then given its name, in the place of a symbolic link too. Readable by all under any umask: the collector is another user.
 */
export function writeMetrics(path: string, text: string): void {
  const [directory, name] = [dirname(path), basename(path)];
  const place = findPlace(join(directory, temporaryName(name, "new")), "perhaps");
  const { at, fd: held, close } = place.directory;
  try {
    assertTrustedOwners(place, [fstatSync(held, { bigint: true }).uid]);
    const temporary = at(place.name);
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      writeAll(fd, Buffer.from(text));
      fchmodSync(fd, 0o644);
      renameSync(temporary, at(name));
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    } finally {
      closeSync(fd);
    }
  } finally {
    close();
  }
}
