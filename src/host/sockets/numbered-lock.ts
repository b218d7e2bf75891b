import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import type { Server } from "node:net";
import { join } from "node:path";
import { errorCode, formatError } from "../observed.ts";
import { type Answer, listenAt, listenerAt } from "./listening.ts";

/*
 * A lock of one directory that holds in every network namespace, dies with its holder, and is never granted twice.
 *
 * Its files: `NAME.<n>.sock`, a socket at which the n-th holder listens; `NAME.done`, a symbolic link whose target is the
 * highest number that is over. A taker walks from the number after that one: at each socket that refuses, the holder has
 * died, so the next number is tried; at one that accepts, the lock is taken; the first number without a socket is the
 * taker's, if it is the one that links its own socket there. That socket listens before it gets a number, so a live
 * holder never refuses.
 *
 * No number is used twice, which is what makes the removal of a dead socket safe. Only a holder writes `NAME.done`, it
 * never decreases, and no socket goes before its number is over. A taker that was stopped in the middle can come late
 * and link a number that is over by then: it reads `NAME.done` once more, and gives the number up. Where it is not over,
 * every other taker since has met that number on its way.
 */

export type NumberedLock = { readonly release: () => void };

export type TakenNumber =
  | { readonly kind: "held"; readonly lock: NumberedLock }
  /** Another process holds it; it answers at this address. */
  | { readonly kind: "taken" }
  /** The file system of the directory has no sockets or no second names. */
  | { readonly kind: "unsupported"; readonly why: string };

type At = (name: string) => string;

/** A path through a descriptor is short, where the address of a socket may have no more than 107 bytes. */
export function openDirectory(directory: string): { readonly at: At; readonly close: () => void } {
  if (process.platform !== "linux") return { at: (name) => join(directory, name), close: () => undefined };
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  return { at: (name) => `/proc/self/fd/${fd}/${name}`, close: () => closeSync(fd) };
}

function lastDone(at: At, name: string): number {
  try {
    return Number(readlinkSync(at(`${name}.done`)));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0;
    throw error;
  }
}

const socketOf = (name: string, number: number): string => `${name}.${number}.sock`;

/** Walks to the first number without a socket; undefined where a live holder is met. */
async function freeNumber(at: At, name: string): Promise<number | undefined> {
  for (let number = lastDone(at, name) + 1; ; number += 1) {
    const path = at(socketOf(name, number));
    // Nearly always it is not there, and needs no connection to be asked.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return number;
    const found = await listenerAt(path);
    if (found === "alive") return undefined;
    // Its number ended while it was looked at: the walk begins anew.
    if (found === "missing") number = lastDone(at, name);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/**
 * Gives the listening socket the first free number; undefined where another process has the lock. `removed`: a holder took
 * the socket for that of a killed taker.
 */
async function takeNumber(at: At, name: string, own: string): Promise<number | "removed" | undefined> {
  for (;;) {
    const number = await freeNumber(at, name);
    if (number === undefined) return undefined;
    try {
      linkSync(at(own), at(socketOf(name, number)));
    } catch (error) {
      const code = errorCode(error);
      if (code === "EEXIST") continue;
      if (code === "ENOENT") return "removed";
      throw error;
    }
    if (lastDone(at, name) < number) return number;
    removeQuietly(at(socketOf(name, number)));
  }
}

/**
 * The holder removes what killed processes left: sockets whose number is over, and sockets that never got one. One that
 * refuses may be a taker's that is about to listen; that taker then begins anew.
 */
async function clearAway(at: At, name: string): Promise<void> {
  const done = lastDone(at, name);
  for (const entry of readdirSync(at(".")).filter((found) => found.startsWith(`${name}.`))) {
    const number = /\.(\d+)\.sock$/.exec(entry)?.[1];
    const isOver = number !== undefined && Number(number) <= done && entry === socketOf(name, Number(number));
    if (isOver || (entry.endsWith(".new") && (await listenerAt(at(entry))) === "dead")) removeQuietly(at(entry));
  }
}

/** Writes down that a number and all before it are over, then removes their sockets. */
function finish(at: At, name: string, number: number): void {
  const before = lastDone(at, name);
  removeQuietly(at(`${name}.done-next`));
  symlinkSync(String(number), at(`${name}.done-next`));
  renameSync(at(`${name}.done-next`), at(`${name}.done`));
  for (let over = before + 1; over <= number; over += 1) removeQuietly(at(socketOf(name, over)));
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The directory is gone or full. A socket that is left refuses, and the next holder takes the number after it.
  }
}

const unsupported: ReadonlySet<string> = new Set(["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "ENXIO", "EINVAL", "EMLINK"]);

export async function takeNumberedLock(directory: string, name: string, answer: Answer): Promise<TakenNumber> {
  const { at, close } = openDirectory(directory);
  const own = `${name}.${randomBytes(8).toString("hex")}.new`;
  let server: Server | undefined;
  let [given, isNamed] = [false, true];
  const removeOwn = (): void => {
    if (isNamed) quietly(() => removeQuietly(at(own)));
    isNamed = false;
  };
  const give = (): void => {
    if (given) return;
    given = true;
    removeOwn();
    server?.close();
    close();
  };
  try {
    const listening = await listenAt(at(own), answer);
    if (listening === "taken") throw new Error(`${join(directory, own)} is there already`);
    server = listening;
    const number = await takeNumber(at, name, own);
    if (number === undefined) {
      give();
      return { kind: "taken" };
    }
    if (number === "removed") {
      give();
      return await takeNumberedLock(directory, name, answer);
    }
    removeOwn();
    await clearAway(at, name).catch(() => undefined);
    const release = (): void => {
      quietly(() => finish(at, name, number));
      give();
    };
    return { kind: "held", lock: { release } };
  } catch (error) {
    give();
    if (unsupported.has(errorCode(error) ?? "")) return { kind: "unsupported", why: formatError(error) };
    throw error;
  }
}

/** Whether a process holds the lock. Nothing is written, and no taker is turned away. */
export async function isNumberedLockHeld(directory: string, name: string): Promise<boolean> {
  const { at, close } = openDirectory(directory);
  try {
    return (await freeNumber(at, name)) === undefined;
  } finally {
    close();
  }
}
