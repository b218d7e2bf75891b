import { readFileSync } from "node:fs";
import type { ProcessTree } from "../../core/agents/process-tree.ts";
import { readStat } from "./proc-stat.ts";

/**
 * A variable that everything a command starts inherits, however far it goes from its parent: the one tie that neither
 * a new kernel session nor the death of a parent cuts. One mark a launcher, so that launchers can be nested.
 */
const variable = "SESSREAP_EXEC";

/** Names this very process: its pid and when it started. */
function ownMark(): string {
  return `${process.pid}.${readStat("self").startTicks}`;
}

/** The environment for a command, with the mark of this launcher behind those of the launchers above it. */
export function withOwnMark(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const [inherited, mark] = [env[variable] ?? "", ownMark()];
  return { ...env, [variable]: inherited === "" ? mark : `${inherited}:${mark}` };
}

function marksOf(pid: number): readonly string[] {
  try {
    const found = readFileSync(`/proc/${pid}/environ`, "latin1")
      .split("\0")
      .find((line) => line.startsWith(`${variable}=`));
    return found === undefined ? [] : found.slice(variable.length + 1).split(":");
  } catch {
    // It has ended, or its environment is none of ours.
    return [];
  }
}

/** Pids of this user's processes that carry the mark of this launcher. */
export function markedProcesses(tree: ProcessTree): ReadonlySet<number> {
  const mark = ownMark();
  const mine = [...tree.values()].filter(({ uid, pid }) => uid === process.getuid?.() && pid !== process.pid);
  return new Set(mine.filter(({ pid }) => marksOf(pid).includes(mark)).map(({ pid }) => pid));
}
