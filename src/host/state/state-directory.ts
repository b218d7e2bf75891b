import { closeSync, constants, openSync, readdirSync, statSync, unlinkSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import { writeAll } from "../files/chunks.ts";
import { findPlace, isTrusted } from "../files/held-directory.ts";
import { stateTemporaryName } from "../files/leftovers.ts";
import { users } from "../files/homes.ts";
import { isUnknownUser } from "../files/trusted-file.ts";
import { existing } from "../files/writability.ts";
import { errorCode } from "../observed.ts";
import { makeDirectories } from "./directories.ts";

const writableByOthers = 0o022;

/**
 * Why a state directory cannot be trusted, as sshd distrusts a home: a user who can write there can plant a tombstone that
 * `restore` puts into a registry with our rights, or a memory by which a living session's entry goes. Undefined when
 * no other user can.
 */
export function stateDirectoryProblem(path: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const { uid, mode } = statSync(path);
  if (uid !== 0 && uid !== process.geteuid?.()) return `it belongs to user ${uid}, who could plant in it what is put into registries`;
  if ((mode & writableByOthers) === 0) return undefined;
  return `others can write to it (its mode is ${(mode & 0o7777).toString(8)}; chmod go-w ${path})`;
}

/** The state directory lies below what is another user's: that user is to sweep, or another place is to be named. */
export class ForeignPlace extends Error {}

/**
 * Why no state may be kept at a path: what it lies below is another user's. Directories of ours there would keep that
 * user's own sweeps out, and the user could put others in their place.
 */
export function foreignPlaceProblem(stateDir: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const foreign: { readonly path: string; readonly uid: bigint }[] = [];
  const visit = (path: string, { uid }: Pick<BigIntStats, "uid">): void => {
    if (!isTrusted(uid) && !isUnknownUser(uid)) foreign.push({ path, uid });
  };
  const nearest = existing(stateDir);
  findPlace(nearest, "there", visit).directory.close();
  if (nearest !== stateDir) visit(nearest, statSync(nearest, { bigint: true }));
  const [first] = foreign;
  if (first === undefined) return undefined;
  const user = users().find(({ uid }) => uid === Number(first.uid))?.name ?? `#${first.uid}`;
  return (
    `${stateDir} lies below ${first.path}, which is user ${user}'s: no state is kept there; ` +
    `run as that user (sudo -H -u '${user}' sessreap), or set HOME or SESSREAP_STATE_DIR`
  );
}

/** Whether nothing has ever been kept there. What cannot be looked at may have been used. */
export function isUnused(stateDir: string): boolean {
  try {
    return readdirSync(stateDir).length === 0;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

/** A memory and a tombstone take some of these bytes at least. */
const probe = Buffer.alloc(4096);

/** Writes a file in the state directory and removes it. Throws where nothing can be kept there: it is full, or another's. */
export function tryStateDirectory(stateDir: string): void {
  const path = stateTemporaryName(join(stateDir, "probe"));
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, probe);
  } finally {
    closeSync(fd);
    unlinkSync(path);
  }
}

/** Makes the state directory where it is not there yet. Throws where what is kept in it would not be this user's alone. */
export function makeStateDirectory(stateDir: string): void {
  const foreign = foreignPlaceProblem(stateDir);
  if (foreign !== undefined) throw new ForeignPlace(foreign);
  makeDirectories(stateDir);
  const problem = stateDirectoryProblem(stateDir);
  if (problem !== undefined) throw new Error(problem);
}
