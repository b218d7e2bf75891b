/**
 * Kills the helpers of one process (its children, by pid) at random moments, until that process has ended or a file says that
 * it is enough. Prints how many it killed.
 */
import { existsSync, readFileSync } from "node:fs";

const [parent, enough] = process.argv.slice(2);
const wait = new Int32Array(new SharedArrayBuffer(4));
let killed = 0;

/** The pids of its children; undefined where it has ended. */
function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return undefined;
  }
}

for (let children = childrenOf(parent); children !== undefined && !existsSync(enough); children = childrenOf(parent)) {
  const [child] = children;
  Atomics.wait(wait, 0, 0, child === undefined ? 0.5 : Math.random() * 14);
  // The pid is that of a child still, for only its parent frees it.
  if (child === undefined || childrenOf(parent)?.includes(child) !== true) continue;
  try {
    process.kill(child, "SIGKILL");
    killed += 1;
  } catch {
    // It has just ended by itself.
  }
}
process.stdout.write(String(killed));
