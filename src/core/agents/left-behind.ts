import { harnessAgentOf } from "./agents.ts";
import { isRunning, type ProcessRow, type ProcessTree } from "./process-tree.ts";
import { isService, sessionOf } from "./session-argv.ts";

/**
 * Agents among the marked processes that run no session of their own: the background children that a command leaves
 * behind. Daemons that it started are meant to outlive it, and so is every process that is no agent.
 */
export function leftBehind(
  tree: ProcessTree,
  marked: ReadonlySet<number>,
): readonly { readonly process: ProcessRow; readonly agent: string }[] {
  return [...tree.values()].flatMap((process) => {
    const agent = marked.has(process.pid) && isRunning(process) ? harnessAgentOf(process.argv) : undefined;
    const isChild = agent !== undefined && !isService(process.argv) && sessionOf(process.argv) === undefined;
    return isChild ? [{ process, agent }] : [];
  });
}
