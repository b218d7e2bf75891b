import { readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../files/digest.ts";
import { makeStateDirectory } from "../state/state-directory.ts";
import { abstractAddress, takeOlderLock } from "./abstract-socket.ts";
import { type Answer, listenAt, listenerAt } from "./listening.ts";
import { type NumberedLock, openDirectory, takeNumberedLock } from "./numbered-lock.ts";

/** Who holds a session: the launcher, and the command that it runs once it runs it. */
export type LockOwner = { readonly pid: number; readonly command: number | undefined };

export type SessionLock = {
  /** From now on the lock tells others of the command, too. */
  readonly announce: (command: number) => void;
  readonly release: () => void;
};

export type TakenLock =
  | { readonly kind: "held"; readonly lock: SessionLock }
  | { readonly kind: "taken"; readonly by: LockOwner | undefined };

/** A holder that is stopped does not answer; the launcher that asks then does without its name. */
const answerMs = 300;

/** The name that version 0.1.0 takes. */
function addressOf(session: string): string {
  return abstractAddress(`sessreap-session-${sha256(`${process.getuid?.()}:${session}`).slice(0, 32)}`);
}

function readOwner(text: string): LockOwner | undefined {
  const [pid, command] = text.split(" ").map(Number);
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, command: command !== undefined && Number.isInteger(command) && command > 1 ? command : undefined };
}

async function askOwner(address: string): Promise<LockOwner | undefined> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(address);
    const finish = (): void => {
      socket.destroy();
      resolve(readOwner(text));
    };
    socket.setTimeout(answerMs, finish);
    socket.on("data", (chunk) => (text = (text + chunk.toString("latin1")).slice(0, 100)));
    socket.once("end", finish);
    socket.once("error", finish);
  });
}

/** The files of the session locks, and the lock under which they change, are in the state directory. */
const lockName = "sessions";
const socketOf = (session: string): string => `session.${sha256(session).slice(0, 32)}.sock`;

/** How long the lock on the session locks is waited for, in ms: its holder makes a few system calls. */
const waitMs = 2_000;
const pollMs = 5;

async function takeSessions(stateDir: string): Promise<NumberedLock | "taken" | "unsupported"> {
  makeStateDirectory(stateDir);
  for (let waited = 0; waited < waitMs; waited += pollMs) {
    const taken = await takeNumberedLock(stateDir, lockName, () => String(process.pid));
    if (taken.kind === "held") return taken.lock;
    if (taken.kind === "unsupported") return "unsupported";
    await new Promise((resolve) => void setTimeout(resolve, pollMs));
  }
  return "taken";
}

/** Removes the sockets of launchers that were killed; only the holder of the lock on all of them does. */
async function clearAway(stateDir: string): Promise<void> {
  for (const name of readdirSync(stateDir).filter((entry) => /^session\.[0-9a-f]{32}\.sock$/.test(entry))) {
    const path = join(stateDir, name);
    if ((await listenerAt(path)) === "dead") unlinkSync(path);
  }
}

/** The part of the lock that holds in every network namespace, for launchers with one state directory. */
async function takeHere(
  stateDir: string,
  session: string,
  answer: Answer,
): Promise<NumberedLock | { readonly by: LockOwner | undefined } | undefined> {
  const sessions = await takeSessions(stateDir);
  if (sessions === "unsupported") return undefined;
  if (sessions === "taken") return { by: undefined };
  const { at, close } = openDirectory(stateDir);
  const path = at(socketOf(session));
  try {
    await clearAway(at("."));
    const server = await listenAt(path, answer);
    if (server === "taken") {
      const by = await askOwner(path);
      close();
      return { by };
    }
    const release = (): void => {
      // libuv removes the file of a socket that it closes.
      server.close();
      close();
    };
    return { release };
  } catch (error) {
    close();
    throw error;
  } finally {
    sessions.release();
  }
}

/** A launcher starts its agent though the state directory is full or may not be written to. */
async function takeHereIfPossible(stateDir: string, session: string, answer: Answer): ReturnType<typeof takeHere> {
  try {
    return await takeHere(stateDir, session, answer);
  } catch {
    return undefined;
  }
}

/**
 * The lock of one session, under its canonical id, for this user: a socket in the state directory, and the name that version
 * 0.1.0 takes, which also keeps out launchers with another state directory in this network namespace. Another user's process
 * on that name keeps no launcher out, unless the state directory has no sockets.
 */
export async function takeSessionLock(stateDir: string, session: string): Promise<TakenLock> {
  let command: number | undefined;
  const answer = (): string => `${process.pid} ${command ?? ""}`;
  const here = await takeHereIfPossible(stateDir, session, answer);
  if (here !== undefined && "by" in here) return { kind: "taken", by: here.by };
  const address = addressOf(session);
  const older = process.platform === "linux" ? await takeOlderLock(address, answer) : "foreign";
  if (older === "ours" || (older === "foreign" && here === undefined)) {
    here?.release();
    return { kind: "taken", by: process.platform === "linux" ? await askOwner(address) : undefined };
  }
  const release = (): void => {
    if (older !== "foreign") older.close();
    here?.release();
  };
  return { kind: "held", lock: { announce: (pid) => (command = pid), release } };
}
