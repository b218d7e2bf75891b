import { createHash } from "node:crypto";
import { mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { errorCode } from "./observed.ts";

export type RunLock = { readonly release: () => void };

/** What an abstract address has room for, its leading zero byte left out (sun_path in unix(7)). */
const nameLength = 107;

/**
 * The lock's name: an abstract socket where there are any, for it dies with its holder and so needs no rule about
 * stale locks. It is keyed by what the state directory is, not by how its path is spelled. It fills the address: Node 20 pads a shorter one with
 * zero bytes, another may not, and two different names would keep nobody out.
 */
export function lockAddress(stateDir: string): string {
  const { dev, ino } = statSync(stateDir, { bigint: true });
  if (process.platform !== "linux") return join(stateDir, "run.sock");
  const key = createHash("sha512").update(`${process.getuid?.()}:${dev}:${ino}`).digest("hex");
  return `\0${`sessreap-${key}`.slice(0, nameLength)}`;
}

function listen(address: string): Promise<Server | "taken"> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve("taken") : reject(error)));
    server.listen(address, () => resolve(server.unref()));
  });
}

function isAnswered(address: string): Promise<boolean> {
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
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const address = lockAddress(stateDir);
  let server = await listen(address);
  if (server === "taken" && !address.startsWith("\0") && !(await isAnswered(address))) {
    // A socket file outlives its process; nobody answers at this one.
    unlinkSync(address);
    server = await listen(address);
  }
  if (server === "taken") return undefined;
  const held = server;
  return { release: () => void held.close() };
}
