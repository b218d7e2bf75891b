import { statSync } from "node:fs";
import { errorCode, formatError } from "../observed.ts";
import { abstractAddress, type Listener, abstractListener, takeOlderLock } from "../sockets/abstract-socket.ts";
import { isNumberedLockHeld, takeNumberedLock, type TakenNumber } from "../sockets/numbered-lock.ts";
import { makeStateDirectory, tryStateDirectory } from "./state-directory.ts";

export type RunLock = { readonly release: () => void };

/** What keeps this process from the run lock where the state directory is as it should be: the message says it, with its cure. */
export class RunLockProblem extends Error {}

/** Errors that come of the directory in which the lock is, whose user mends them there. */
const ofDirectory: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOENT", "ENOTDIR", "EIO", "ESTALE"]);

/** The errors of a process that has reached a limit. */
const limits: ReadonlyMap<string, string> = new Map([
  ["EMFILE", "raise its limit of open files (ulimit -n, LimitNOFILE=)"],
  ["ENFILE", "raise the machine's limit of open files (fs.file-max)"],
  ["ENOMEM", "give it more memory"],
  ["ENOBUFS", "give it more memory"],
]);

function lockProblem(error: unknown): RunLockProblem {
  const cure = limits.get(errorCode(error) ?? "") ?? "let this process listen at Unix sockets (a sandbox may refuse them)";
  // Node names the address behind the words, and that says nothing to a person.
  const why = formatError(error).replace(/^listen ([A-Z]+): (.*?) [\0/].*$/s, "$2 ($1)");
  return new RunLockProblem(`the run lock cannot be taken: ${why}; ${cure}`);
}

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

async function takeNewerLock(stateDir: string): Promise<TakenNumber> {
  try {
    return await takeNumberedLock(stateDir, lockName, answer);
  } catch (error) {
    throw ofDirectory.has(errorCode(error) ?? "") ? error : lockProblem(error);
  }
}

async function takeBothNames(stateDir: string): Promise<RunLock | undefined> {
  const taken = await takeNewerLock(stateDir);
  if (taken.kind === "taken") return undefined;
  const lock = taken.kind === "held" ? taken.lock : undefined;
  if (process.platform !== "linux") {
    if (lock === undefined) throw new Error(`it cannot hold the run lock: ${taken.kind === "unsupported" ? taken.why : ""}`);
    return lock;
  }
  const older = await takeOlderLock(olderLockAddress(stateDir), answer).catch((error: unknown) => {
    lock?.release();
    throw lockProblem(error);
  });
  if (older === "ours") {
    lock?.release();
    return undefined;
  }
  if (older === "foreign" && lock === undefined) {
    throw new RunLockProblem("another user's process holds the run lock; sessreap doctor names it");
  }
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
