import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import type { Server } from "node:net";
import { type Answer, listenAt } from "./listening.ts";

/** The size of `sun_path` on Linux (unix(7)). */
const addressBytes = 108;

/**
 * An abstract socket's address, which the kernel drops with its holder. It is filled up: of a shorter name, Node 20
 * takes the zero bytes after it for a part and Node 24 does not, so that the two would not see each other's lock.
 */
export function abstractAddress(name: string): string {
  return `\0${name}`.padEnd(addressBytes, "-");
}

/** Who listens at an abstract address. `pid` is undefined where the kernel does not tell us: then it is another user's process. */
export type Listener = { readonly pid: number | undefined; readonly uid: number | undefined; readonly argv: readonly string[] };

/** `/proc/net/unix` names the listening socket of an abstract address by its inode number; a `@` stands for its zero byte. */
function socketInode(address: string): string | undefined {
  const wanted = address.replace("\0", "@");
  for (const line of readFileSync("/proc/net/unix", "utf8").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[7] === wanted) return fields[6];
  }
  return undefined;
}

function holdsSocket(pid: string, link: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === link);
  } catch {
    // It has ended, or is another user's and may not be looked at.
    return false;
  }
}

/**
 * Finds the process that listens at an abstract address; undefined where none does. Nothing is sent to it. A process can hand
 * its socket to one of another user's: where several have it, one that is not ours counts, for it can keep the name.
 */
export function abstractListener(address: string): Listener | undefined {
  if (process.platform !== "linux") return undefined;
  const inode = socketInode(address);
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  const holders = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) && holdsSocket(name, link) ? (holder(name) ?? []) : []));
  return holders.find(({ uid }) => uid !== process.getuid?.()) ?? holders[0] ?? { pid: undefined, uid: undefined, argv: [] };
}

function holder(pid: string): Listener | undefined {
  try {
    const { uid } = statSync(`/proc/${pid}`);
    return { pid: Number(pid), uid, argv: readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "").split("\0") };
  } catch {
    // It has ended since.
    return undefined;
  }
}

/** A process that was killed has one of its sockets for microseconds longer than another; so long, in ms, is it given. */
const endingMs = 20;

/**
 * The name by which version 0.1.0 keeps others out, in this network namespace alone. Every user can take it, so another
 * user's process there is no holder, nor is one that has let go of it whenever it is looked for. `ours`: an older sessreap of
 * this user has it.
 */
export async function takeOlderLock(address: string, answer: Answer): Promise<Server | "ours" | "foreign"> {
  for (let attempt = 0; ; attempt += 1) {
    const server = await listenAt(address, answer);
    if (server !== "taken") return server;
    const listener = abstractListener(address);
    const isOurs = listener?.uid === process.getuid?.();
    if (listener !== undefined && !isOurs) return "foreign";
    if (attempt === 3) return isOurs ? "ours" : "foreign";
    await new Promise((resolve) => void setTimeout(resolve, endingMs));
  }
}
