import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { seen, unseen, type AgentProcess, type LockHolder, type Observed } from "../../core/evidence.ts";
import { canonicalSession } from "../../core/registration.ts";
import { errorCode, look, formatError } from "../observed.ts";

/** Inodes under an exclusive flock, and who holds them (proc_locks(5)). Locks of other pid namespaces are not shown. */
function heldInodes(): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
    const parts = /^\d+: FLOCK +\S+ +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
    if (parts !== null) held.set(parts[2] as string, Number(parts[1]));
  }
  return held;
}

/**
 * Threads whose writer lock is held. A lock file proves nothing, for Codex leaves it behind; the flock on it does
 * (codex 0.169.0). Files are matched by inode number and by a Codex holder: the device number in `/proc/locks` is not
 * the one that stat(2) shows on btrfs.
 */
export function lookAtWriterLocks(
  codexHomes: readonly string[],
  agents: readonly AgentProcess[],
): Observed<ReadonlyMap<string, LockHolder>> {
  const files: string[] = [];
  for (const home of codexHomes) {
    const directory = join(home, "thread-writer-locks");
    try {
      const names = readdirSync(directory).filter((name) => name.endsWith(".lock") && !name.endsWith(".coordination.lock"));
      files.push(...names.map((name) => join(directory, name)));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") return unseen(`${directory}: ${formatError(error)}`);
    }
  }
  if (files.length === 0) return seen(new Map());
  const codexPids = new Set(agents.filter(({ agent }) => agent !== "claude").map(({ pid }) => pid));
  return look("/proc/locks", () => {
    const held = heldInodes();
    const holders = new Map<string, LockHolder>();
    for (const path of files) {
      const pid = held.get(String(statSync(path, { bigint: true, throwIfNoEntry: false })?.ino));
      if (pid !== undefined && codexPids.has(pid)) holders.set(canonicalSession(basename(path, ".lock")), { pid, path });
    }
    return holders;
  });
}
