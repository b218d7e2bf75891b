import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { lockAddress } from "./run-lock.ts";

/** Who holds the run lock. `pid` is undefined where the kernel does not tell us: then it is another user's process. */
export type LockHolder = { readonly pid: number | undefined; readonly uid: number | undefined; readonly argv: readonly string[] };

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
 * Finds the process that keeps sweeps of this state directory from running; undefined where none does. Another user can
 * guess the name of the lock and hold it. That only keeps entries, and `doctor` shows the holder. Nothing is sent to it.
 */
export function lockHolder(stateDir: string): LockHolder | undefined {
  if (process.platform !== "linux") return undefined;
  const inode = socketInode(lockAddress(stateDir));
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && holdsSocket(name, link));
  if (pid === undefined) return { pid: undefined, uid: undefined, argv: [] };
  return {
    pid: Number(pid),
    uid: statSync(`/proc/${pid}`).uid,
    argv: readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "").split("\0"),
  };
}
