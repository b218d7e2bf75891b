import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  fsyncSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { holdPlace, withPlace, type Place } from "../files/held-directory.ts";
import { isLink } from "../files/file-state.ts";
import { temporaryName } from "../files/leftovers.ts";
import { writeAll } from "../files/chunks.ts";
import { fsyncDirectory } from "../files/files.ts";
import { errorCode } from "../observed.ts";
import { asOwner, type Owner } from "../swap/as-owner.ts";
import { giveAcls, withoutGroup, type Withheld } from "./acl.ts";
import { carryAttributes } from "../swap/attributes.ts";

const fsyncLater = promisify(fsync);

/** A one-file entry as its tombstone kept it. */
export type FileToRestore = {
  readonly key: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** As `aclsOf` tells it; undefined where its mode is all. */
  readonly acl?: string;
  readonly modifiedAt: number;
};

/** The directories of an entry are its owner's: one of root's would keep that user out. */
function makeDirectories(root: string, directory: string, owner: Owner): void {
  if (directory === root) return;
  makeDirectories(root, dirname(directory), owner);
  withPlace(directory, "perhaps", (at, name) => {
    if (lstatSync(at(name), { throwIfNoEntry: false }) !== undefined) return;
    asOwner(owner, () => mkdirSync(at(name), { mode: 0o700 }));
    // Its tombstone goes when the entry is back: the way to it must be durable by then.
    fsyncDirectory(at("."));
  });
}

/** Makes a symbolic link under a temporary name. Its directory is made durable with its name; there is nothing else to it. */
function writeLink(temporary: string, { content, uid, gid, modifiedAt }: FileToRestore): void {
  symlinkSync(content, temporary);
  try {
    const made = lstatSync(temporary);
    if (made.uid !== uid || made.gid !== gid) lchownSync(temporary, uid, gid);
    lutimesSync(temporary, modifiedAt / 1000, modifiedAt / 1000);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

/** Writes a file under a temporary name, with all that the file system knew of it. The caller makes it durable and closes it. */
function writeFile(temporary: string, file: FileToRestore): number {
  const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeAll(fd, file.content);
    const made = fstatSync(fd);
    if (made.uid !== file.uid || made.gid !== file.gid) fchownSync(fd, file.uid, file.gid);
    fchmodSync(fd, (file.acl === undefined ? file.mode : withoutGroup(file.mode)) & 0o7777);
    futimesSync(fd, file.modifiedAt / 1000, file.modifiedAt / 1000);
    return fd;
  } catch (error) {
    unlinkSync(temporary);
    closeSync(fd);
    throw error;
  }
}

/**
 * Writes a file under a temporary name: whole, durable, and with owner, rights and attributes of the open file in whose place
 * it is to come, as they are now. A mode without its ACL would widen access.
 */
export function prepareFile(temporary: string, file: Omit<FileToRestore, "mode" | "uid" | "gid">, inPlaceOf: number): void {
  const { mode, uid, gid } = fstatSync(inPlaceOf);
  const fd = writeFile(temporary, { ...file, mode, uid, gid });
  try {
    carryAttributes(inPlaceOf, fd);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** What became of a file that was to be put back; `newcomer` when another file has its name already. */
export type PutBack = { readonly kind: "restored" | "newcomer" } | { readonly kind: "failed"; readonly error: unknown };

/** A file that is written and has not got its name yet. */
type Written = { readonly kind: "written"; readonly fd: number | undefined; readonly place: Place; readonly temporary: string };

function writeOne(root: string, file: FileToRestore): Written {
  const path = join(root, file.key);
  makeDirectories(root, dirname(path), file);
  const place = holdPlace(path, "perhaps");
  try {
    const temporary = place.directory.at(temporaryName(place.name, "new"));
    if (isLink(file)) writeLink(temporary, file);
    return { kind: "written", fd: isLink(file) ? undefined : writeFile(temporary, file), place, temporary };
  } catch (error) {
    place.directory.close();
    throw error;
  }
}

function nameOne({ place: { directory, name }, temporary }: Written): PutBack {
  try {
    linkSync(temporary, directory.at(name));
    return { kind: "restored" };
  } catch (error) {
    return errorCode(error) === "EEXIST" ? { kind: "newcomer" } : { kind: "failed", error };
  }
}

function close({ fd, place, temporary }: Written): void {
  unlinkSync(temporary);
  if (fd !== undefined) closeSync(fd);
  place.directory.close();
}

const failed = (error: unknown): PutBack => ({ kind: "failed", error });

function write(root: string, file: FileToRestore): Written | PutBack {
  try {
    return writeOne(root, file);
  } catch (error) {
    return failed(error);
  }
}

function withheld(one: Written | PutBack | undefined, mode: number, acl: string | undefined): readonly Withheld[] {
  return one?.kind === "written" && one.fd !== undefined && acl !== undefined ? [{ fd: one.fd, mode, acl }] : [];
}

async function putSomeBack(root: string, files: readonly FileToRestore[]): Promise<readonly PutBack[]> {
  const written = files.map((file) => write(root, file));
  giveAcls(files.flatMap(({ mode, acl }, nth) => withheld(written[nth], mode, acl)));
  const durable = await Promise.all(
    written.map(async (one) => (one.kind === "written" && one.fd !== undefined ? fsyncLater(one.fd).then(() => one, failed) : one)),
  );
  const named = durable.map((one) => (one.kind === "written" ? nameOne(one) : one));
  for (const one of written) if (one.kind === "written") close(one);
  return named;
}

/** So many files are held open at once, each with its directory: half of what a process usually may. */
const openAtMost = 256;

/**
 * Puts one-file entries back as they were, and returns what became of each, in the same order. Each is durable before it
 * has its name. Many are written before the first is made durable, and all of those before the first is named: a
 * journal that had to commit between two files would take six times as long.
 */
export async function restoreEntryFiles(root: string, files: readonly FileToRestore[]): Promise<readonly PutBack[]> {
  const became: PutBack[] = [];
  for (let from = 0; from < files.length; from += openAtMost) {
    became.push(...(await putSomeBack(root, files.slice(from, from + openAtMost))));
  }
  return became;
}
