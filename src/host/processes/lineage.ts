import { readFileSync } from "node:fs";
import type { ProcessTree } from "../../core/agents/process-tree.ts";
import { readStat } from "./proc-stat.ts";

/**
 * A variable that everything a command starts inherits, however far it goes from its parent: the one tie that neither
 * a new kernel session nor the death of a parent cuts. One mark a launcher, so that launchers can be nested.
 */
const variable = "SESSREAP_EXEC";

/** Names this very process: its pid and when it started. */
export function ownMark(): string {
  return `${process.pid}.${readStat("self").startTicks}`;
}

export function withMark(env: NodeJS.ProcessEnv, mark: string): NodeJS.ProcessEnv {
  const inherited = env[variable] ?? "";
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

/** Processes of ours that carry a mark. */
export function markedBy(tree: ProcessTree, mark: string): ReadonlySet<number> {
  const mine = [...tree.values()].filter(({ uid, pid }) => uid === process.getuid?.() && pid !== process.pid);
  return new Set(mine.filter(({ pid }) => marksOf(pid).includes(mark)).map(({ pid }) => pid));
}
