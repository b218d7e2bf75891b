import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync, renameSync, type BigIntStats } from "node:fs";
import { findPlace, type Place } from "../files/held-directory.ts";
import { holdsPieces, writePieces, type Piece } from "../files/chunks.ts";
import { isStill, NoRegularFile, openForReading, type Content, type ReadFile } from "../files/files.ts";
import { swapName, temporaryName } from "../files/leftovers.ts";
import { asOwner } from "./as-owner.ts";
import { copyAttributes } from "./attributes.ts";
import type { SwapHelper } from "./swap-helper.ts";

/** The judged file, held open in its directory. */
export type Site = { readonly place: Place; readonly judgedFd: number; readonly close: () => void };

/** Undefined when another file is there by now. It stays open read-only, which disturbs no writer. */
export function openSite(file: ReadFile): Site | undefined {
  const place = findPlace(file.realPath);
  try {
    const judgedFd = openForReading(place.directory.at(place.name));
    const close = (): void => {
      closeSync(judgedFd);
      place.directory.close();
    };
    // The real path was followed to its end once; a symbolic link on it is new, and leads to no file that was judged.
    if (place.realPath === file.realPath && isStill(file.stat, fstatSync(judgedFd, { bigint: true }))) return { place, judgedFd, close };
    close();
    return undefined;
  } catch (error) {
    place.directory.close();
    if (error instanceof NoRegularFile) return undefined;
    throw error;
  }
}

/** The new file, which is not in its place yet. */
export type NewFile = { readonly fd: number; readonly name: string };

/** The new file when it is complete, and when the owner, rights or attributes that were copied had last been changed. */
export type FinishedFile = NewFile & { readonly copiedAtNs: bigint };

function openNew(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
}

export function createNewFile({ place: { directory, name } }: Site, { stat }: ReadFile): NewFile {
  const temporary = temporaryName(name, "new");
  const owner = { uid: Number(stat.uid), gid: Number(stat.gid) };
  return { fd: asOwner(owner, () => openNew(directory.at(temporary))), name: temporary };
}

export const rights = ({ mode, uid, gid }: BigIntStats): string => `${(mode & 0o7777n).toString(8)} ${uid}:${gid}`;

/**
 * Makes the new file complete: content, owner, rights and attributes as the judged file has them now; durable, read back,
 * and under the name it is swapped by.
 */
export async function finishNewFile(
  { place: { directory, name }, judgedFd }: Site,
  newFile: NewFile,
  old: Content,
  pieces: readonly Piece[],
  helper: SwapHelper | undefined,
): Promise<FinishedFile> {
  writePieces(newFile.fd, old.bytes, pieces);
  const judged = fstatSync(judgedFd, { bigint: true });
  // Owner before mode: chown clears the set-id bits.
  const made = fstatSync(newFile.fd, { bigint: true });
  if (made.uid !== judged.uid || made.gid !== judged.gid) fchownSync(newFile.fd, Number(judged.uid), Number(judged.gid));
  fchmodSync(newFile.fd, Number(judged.mode & 0o7777n));
  await copyAttributes(helper, judgedFd, newFile.fd);
  fsyncSync(newFile.fd);
  const now = fstatSync(newFile.fd, { bigint: true });
  if (rights(now) !== rights(judged)) throw new Error(`its rights cannot be kept: ${rights(judged)} became ${rights(now)}`);
  if (!holdsPieces(newFile.fd, old.bytes, pieces)) throw new Error("what was written is not what is read back");
  const swapping = swapName(name, now.ino);
  renameSync(directory.at(newFile.name), directory.at(swapping));
  return { fd: newFile.fd, name: swapping, copiedAtNs: judged.ctimeNs };
}
