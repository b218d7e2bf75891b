import { lstatSync, readdirSync, renameSync, unlinkSync, type BigIntStats } from "node:fs";
import { assertTrustedSymlinks, findPlace, type DirHandle, type Place } from "../files/held-directory.ts";
import { pidExists } from "../processes/pids.ts";

/*
 * Temporary files carry the pid of their maker, so that the next sweep can tell leftovers from work in hand. From the
 * moment that one may be swapped, its name also carries the inode number of the new file: what lies under the name is
 * then either that new file, or what was displaced by it.
 */
export const newFileName = (name: string): string => `.${name}.sessreap-${process.pid}.tmp`;
export const swapName = (name: string, ino: bigint): string => `.${name}.sessreap-${process.pid}-${ino}.swap`;
const leftoverPattern = /^\.(.+)\.sessreap-(\d+)(?:\.tmp|-(\d+)\.swap)$/;

const look = (path: string): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false });

const sameRights = (a: BigIntStats, b: BigIntStats): boolean => a.uid === b.uid && a.gid === b.gid && a.mode === b.mode;

/**
 * Clears away what an unfinished swap left under a temporary name. A displaced file that was written to after ours was
 * made, while ours is in its place, holds somebody's update: it goes back. It must be as the registry is, and be no
 * other name of another file, or anybody who can create files there could plant one.
 */
export function clearAway({ at }: DirHandle, name: string, temporary: string, madeIno: bigint | undefined): "gone" | "put-back" {
  const [left, current] = [look(at(temporary)), look(at(name))];
  if (left === undefined) return "gone";
  const newer = madeIno !== undefined && current?.ino === madeIno && left.ino !== madeIno && left.mtimeNs > current.mtimeNs;
  if (newer && left.isFile() && left.nlink === 1n && sameRights(left, current)) {
    renameSync(at(temporary), at(name));
    return "put-back";
  }
  unlinkSync(at(temporary));
  return "gone";
}

function clearPlace(place: Place): void {
  const { directory, name } = place;
  const registry = look(directory.at(name));
  if (registry === undefined) return;
  assertTrustedSymlinks(place, registry);
  for (const entry of readdirSync(directory.at("."))) {
    if (!entry.startsWith(`.${name}.sessreap-`)) continue;
    const [, of, pid, ino] = leftoverPattern.exec(entry) ?? [];
    if (of !== name || (Number(pid) !== process.pid && pidExists(Number(pid)))) continue;
    clearAway(directory, name, entry, ino === undefined ? undefined : BigInt(ino));
  }
}

/** Removes what sweeps that were killed have left beside a registry. It is no fault where that cannot be done. */
export function removeLeftovers(path: string): void {
  try {
    const place = findPlace(path);
    try {
      clearPlace(place);
    } finally {
      place.directory.close();
    }
  } catch {
    // Its directory is not there, may not be listed, or may not be written to: then nothing of ours can be in it.
  }
}
