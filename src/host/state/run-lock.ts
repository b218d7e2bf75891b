import { statSync } from "node:fs";
import { abstractAddress, type Listener, abstractListener, takeOlderLock } from "../sockets/abstract-socket.ts";
import { isNumberedLockHeld, takeNumberedLock } from "../sockets/numbered-lock.ts";
import { makeStateDirectory, tryStateDirectory } from "./state-directory.ts";

export type RunLock = { readonly release: () => void };

const lockName = "run";
const answer = (): string => String(process.pid);

/** The name that version 0.1.0 takes. It is keyed by what the state directory is, not by how its path is spelled. */
export function olderLockAddress(stateDir: string): string {
  const { dev, ino } = statSync(stateDir, { bigint: true });
  return abstractAddress(`sessreap-${process.getuid?.()}-${dev}-${ino}`);
}

/**
 * One sweep at a time per state directory, in every network namespace; undefined when another of ours is running. The
 * lock is a socket in that directory, to which no other user can write. Throws where another user's process keeps us out,
 * which it can only where the file system has no sockets.
 */
export async function takeRunLock(stateDir: string): Promise<RunLock | undefined> {
  makeStateDirectory(stateDir);
  const lock = await takeBothNames(stateDir);
  try {
    if (lock !== undefined) tryStateDirectory(stateDir);
    return lock;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function takeBothNames(stateDir: string): Promise<RunLock | undefined> {
  const taken = await takeNumberedLock(stateDir, lockName, answer);
  if (taken.kind === "taken") return undefined;
  const lock = taken.kind === "held" ? taken.lock : undefined;
  if (process.platform !== "linux") {
    if (lock === undefined) throw new Error(`it cannot hold the run lock: ${taken.kind === "unsupported" ? taken.why : ""}`);
    return lock;
  }
  const older = await takeOlderLock(olderLockAddress(stateDir), answer);
  if (older === "ours") {
    lock?.release();
    return undefined;
  }
  if (older === "foreign" && lock === undefined) throw new Error("another user's process holds the run lock (see sessreap doctor)");
  const release = (): void => {
    if (older !== "foreign") older.close();
    lock?.release();
  };
  return { release };
}

/** How the run lock stands: whether a process of ours holds it, and who sits on the name that version 0.1.0 takes. */
export async function lookAtRunLock(stateDir: string): Promise<{ readonly held: boolean; readonly listener: Listener | undefined }> {
  return { held: await isNumberedLockHeld(stateDir, lockName), listener: abstractListener(olderLockAddress(stateDir)) };
}
