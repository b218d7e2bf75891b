import { statSync, unlinkSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { abstractAddress } from "../sockets/abstract-socket.ts";
import { errorCode } from "../observed.ts";
import { makeStateDirectory, tryStateDirectory } from "./state-directory.ts";

export type RunLock = { readonly release: () => void };

/**
 * The lock's name: an abstract socket where there are any, for it dies with its holder and so needs no rule about
 * stale locks. It is keyed by what the state directory is, not by how its path is spelled.
 */
export function lockAddress(stateDir: string): string {
  const { dev, ino } = statSync(stateDir, { bigint: true });
  if (process.platform !== "linux") return join(stateDir, "run.sock");
  return abstractAddress(`sessreap-${process.getuid?.()}-${dev}-${ino}`);
}

async function listen(address: string): Promise<Server | "taken"> {
  const { createServer } = await import("node:net");
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve("taken") : reject(error)));
    server.listen(address, () => resolve(server.unref()));
  });
}

async function isAnswered(address: string): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** One sweep at a time per state directory; undefined when another is running. */
export async function takeRunLock(stateDir: string): Promise<RunLock | undefined> {
  makeStateDirectory(stateDir);
  const address = lockAddress(stateDir);
  let server = await listen(address);
  if (server === "taken" && !address.startsWith("\0") && !(await isAnswered(address))) {
    // A socket file outlives its process; no process answers at this one.
    unlinkSync(address);
    server = await listen(address);
  }
  if (server === "taken") return undefined;
  try {
    tryStateDirectory(stateDir);
  } catch (error) {
    server.close();
    throw error;
  }
  const held = server;
  return { release: () => void held.close() };
}
