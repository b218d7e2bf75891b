import { linkSync, lstatSync, readdirSync, renameSync, unlinkSync, type BigIntStats } from "node:fs";
import { basename, join } from "node:path";
import { assertTrustedSymlinks, findPlace, withPlace, type DirHandle, type Place } from "./held-directory.ts";
import { errorCode, formatError } from "../observed.ts";
import { pidExists } from "../processes/pids.ts";
import { startOfPid } from "../processes/threads.ts";

/**
 * What a temporary file is for. `new`: it is being made, and takes the place of a file. `swap`: it is made, and may have
 * been exchanged with that file already. `held`: it was that file, and is in quarantine until it is dropped or goes back.
 */
type Kind = "new" | "swap" | "held";

/** A temporary file, by what its name says. A sweep has one for milliseconds; one that stays was left by a killed sweep. */
export type Temporary = {
  /** The name of the file in whose directory it lies, and whose place it takes or had. */
  readonly of: string;
  /** The pid of its maker, by which the next sweep tells a leftover from work in hand. */
  readonly maker: number;
  /** When its maker started, in ticks; undefined in names of version 0.1.0 and where there are no ticks. */
  readonly makerStart: string | undefined;
  readonly kind: Kind;
  /** Of a swap, the inode number of the new file: under this name lies that file, or the one that it displaced. */
  readonly madeIno: bigint | undefined;
};

let own: string | undefined;

/** Who this process is, in the names of its files: its pid, and when it started, which another process of that pid did not. */
function ownMark(): string {
  return (own ??= [process.pid, startOfPid(process.pid)].filter((part) => part !== undefined).join("-"));
}

export const temporaryName = (name: string, kind: "new" | "held"): string => `.${name}.sessreap-${ownMark()}.${kind}`;

export const swapName = (name: string, ino: bigint): string => `.${name}.sessreap-${ownMark()}-${ino}.swap`;

/**
 * The state directory is ours alone, and only a sweep under the run lock writes to it: one fixed name does there, and the
 * next sweep writes over what a killed one left.
 */
export const stateTemporaryName = (path: string): string => `${path}.new`;

const pattern = /^\.(.+)\.sessreap-(\d{1,7})-(\d{1,20})(?:\.(new|held)|-(\d{1,20})\.swap)$/s;

/** Version 0.1.0 left out when the maker started, and called the new file of a swap `.tmp`. */
const olderPattern = /^\.(.+)\.sessreap-(\d{1,7})()(?:\.(new|held|tmp)|-(\d{1,20})\.swap)$/s;

/** Returns what the name of a temporary file says; undefined if the name is no such name. */
export function parseTemporary(name: string): Temporary | undefined {
  const [, of, maker, start, kind, ino] = pattern.exec(name) ?? olderPattern.exec(name) ?? [];
  if (of === undefined || of === "." || of === "..") return undefined;
  const by = { of, maker: Number(maker), makerStart: start === "" ? undefined : start };
  if (ino !== undefined) return { ...by, kind: "swap", madeIno: BigInt(ino) };
  return { ...by, kind: kind === "held" ? "held" : "new", madeIno: undefined };
}

const look = (path: string): BigIntStats | undefined => lstatSync(path, { bigint: true, throwIfNoEntry: false });

const sameRights = (a: BigIntStats, b: BigIntStats): boolean => a.uid === b.uid && a.gid === b.gid && a.mode === b.mode;

/**
 * Removes what a swap has under its temporary name. If that is the displaced file, and a program has written to it since
 * ours was made and ours is in its place, it holds an update and goes back. It must have the owner and rights of the file
 * in its place and no other name, or another user who may create files there could plant one.
 */
export function clearAway(at: DirHandle["at"], name: string, temporary: string, madeIno: bigint | undefined): "gone" | "put-back" {
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

/** Puts a file back that is in quarantine, never over a newer file of its name. Returns why it could not. */
export function putBack(held: string, path: string): string | undefined {
  try {
    linkSync(held, path);
  } catch (error) {
    // A newer file has the name; the one in quarantine is what its writer replaced.
    if (errorCode(error) !== "EEXIST") return `${formatError(error)}; it is kept as ${basename(held)}`;
  }
  unlinkSync(held);
  return undefined;
}

/** Where it is not known whether the maker still runs, a file that was not touched for longer than this, in ms, is a leftover. */
const abandonedMs = 60_000;

/** A sweep that is stopped for an hour still has its files. */
function isAbandoned({ maker, makerStart }: Temporary, { ctimeMs }: BigIntStats, nowMs: number): boolean {
  if (maker === process.pid || !pidExists(maker)) return true;
  const start = makerStart === undefined ? undefined : startOfPid(maker);
  return start === undefined ? nowMs - Number(ctimeMs) > abandonedMs : start !== makerStart;
}

/** Recovers one temporary file if its maker has left it: it goes back or is removed. Returns what went wrong. */
function recover(at: DirHandle["at"], name: string, nowMs: number): string | undefined {
  const [temporary, file] = [parseTemporary(name), look(at(name))];
  if (temporary === undefined || file === undefined || !isAbandoned(temporary, file, nowMs)) return undefined;
  if (temporary.kind === "held") return putBack(at(name), at(temporary.of));
  clearAway(at, temporary.of, name, temporary.madeIno);
  return undefined;
}

/**
 * Puts back or drops what killed sweeps left among the entries of a directory, by the keys of those files. Whether an
 * entry that is back may go is for the next judgement to say. Returns what could not be recovered.
 */
export function recoverQuarantined(root: string, keys: readonly string[], nowMs: number): readonly string[] {
  return keys.flatMap((key) => {
    const path = join(root, key);
    try {
      return withPlace(path, "there", (at, name) => recover(at, name, nowMs)) ?? [];
    } catch (error) {
      return errorCode(error) === "ENOENT" ? [] : `${path}: ${formatError(error)}`;
    }
  });
}

function removeIn({ directory: { at }, name }: Place, nowMs: number): void {
  for (const entry of readdirSync(at("."))) {
    const temporary = parseTemporary(entry);
    // Only entries that are files of their own are ever in quarantine.
    if (temporary?.of !== name || temporary.kind === "held") continue;
    try {
      recover(at, entry, nowMs);
    } catch {
      // The next sweep tries it again.
    }
  }
}

/** Removes what killed sweeps left beside a file. It is no fault where that cannot be done. */
export function removeLeftovers(path: string, nowMs: number): void {
  try {
    const place = findPlace(path);
    try {
      assertTrustedSymlinks(place, lstatSync(place.directory.at(place.name), { bigint: true }));
      removeIn(place, nowMs);
    } finally {
      place.directory.close();
    }
  } catch {
    // The file is not there, is another user's, or has a directory that may not be listed: then nothing of ours is there.
  }
}
