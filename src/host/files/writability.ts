import { accessSync, constants, existsSync, statSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { fileSystemOf } from "./file-system.ts";
import { errorCode, formatError } from "../observed.ts";

const writableByAll = 0o002n;
const sticky = 0o1000n;

/**
 * Why nothing may be written to a registry by us; undefined when it may. What everybody can write is no evidence, and
 * on a file system that other machines may share neither a rename nor a lock is ours alone.
 */
export function reportOnlyReason(realPath: string, stat: BigIntStats, shared?: boolean): string | undefined {
  try {
    return obstacleAt(realPath, stat, shared);
  } catch (error) {
    // Its user can take it away, or put another file there, in any moment.
    return `it cannot be looked at any more: ${formatError(error)}`;
  }
}

function obstacleAt(realPath: string, stat: BigIntStats, shared: boolean | undefined): string | undefined {
  if ((stat.mode & writableByAll) !== 0n) return "everybody can write to it (chmod o-w it)";
  const user = process.geteuid?.();
  if (stat.isFile() && user !== undefined && user !== 0 && stat.uid !== BigInt(user))
    return `it is user ${stat.uid}'s, whose rights a swap could not keep (sweep as that user)`;
  const directory = stat.isDirectory() ? stat : statSync(dirname(realPath), { bigint: true });
  if ((directory.mode & writableByAll) !== 0n && (directory.mode & sticky) === 0n)
    return "everybody can write to its directory (chmod o-w it)";
  if (stat.isFile() && stat.nlink > 1n) return `it has ${stat.nlink} hard links, and a swap would part them`;
  if (shared === false) return undefined;
  const { local, name } = fileSystemOf(realPath);
  return local ? undefined : `its file system (${name}) may be shared with other machines ("shared": false says that it is not)`;
}

/** Whether the file system at a path is mounted so that this process cannot write to it. */
export function isReadOnly(realPath: string): boolean {
  try {
    accessSync(realPath, constants.W_OK);
    return false;
  } catch (error) {
    return errorCode(error) === "EROFS";
  }
}

/**
 * Where the state directory may be shared, the run lock keeps out no sweep of another machine, and two of them would
 * take each other's tombstones for their own.
 */
export function sharedStateReason(stateDir: string): string | undefined {
  const { local, name } = fileSystemOf(existing(stateDir));
  return local
    ? undefined
    : `the state directory's file system (${name}) may be shared with other machines (set SESSREAP_STATE_DIR to a local one)`;
}

/** The nearest directory that is there: a first sweep has not made its own yet. */
export function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
