import { harnessAgentOf } from "../agents/agents.ts";
import { isRunning, type ProcessRow } from "../agents/process-tree.ts";
import { isService, sessionOf } from "../agents/session-argv.ts";
import type { Observed } from "../evidence.ts";
import { whyLeft } from "./belonging.ts";
import type { OwnershipSigns, Program } from "./ownership-signs.ts";

/** The command whose processes are looked for, as it was right after its start. */
export type Command = { readonly process: ProcessRow; readonly program: Observed<Program> };

/** An agent that a command left behind. `stays` says why it is not ended; undefined where it is proven to be the command's own. */
export type LeftAgent = { readonly process: ProcessRow; readonly agent: string; readonly stays: string | undefined };

export type LeftBehind = { readonly agents: readonly LeftAgent[]; readonly others: readonly ProcessRow[] };

/** What the programs of the agents are, with that of the command, unless another process has its pid by now. */
function programsWith({ tree, programs }: OwnershipSigns, command: Command | undefined): OwnershipSigns["programs"] {
  if (command === undefined || tree.has(command.process.pid)) return programs;
  return new Map([...programs, [command.process.pid, command.program]]);
}

/**
 * Agents among the marked processes that run no session of their own: the background children that a command leaves
 * behind; and every other marked process, which is meant to outlive it for all that can be told.
 */
export function leftBehind(signs: OwnershipSigns, marked: ReadonlySet<number>, command: Command | undefined): LeftBehind {
  const owner = command === undefined ? [] : [command.process];
  const known: OwnershipSigns = { ...signs, programs: programsWith(signs, command) };
  const agents: LeftAgent[] = [];
  const others: ProcessRow[] = [];
  const ended = new Set<number>();
  for (const process of [...signs.tree.values()].filter((row) => marked.has(row.pid) && isRunning(row))) {
    const agent = harnessAgentOf(process.argv);
    if (agent === undefined || isService(process.argv) || sessionOf(process.argv) !== undefined) {
      others.push(process);
      continue;
    }
    const threads = signs.heldThreads.flatMap(({ pid, sessionId }) => (pid === process.pid ? [sessionId] : []));
    const stays = whyLeft(known, { process, agent, via: marked, threads }, owner, ended);
    if (stays === undefined) ended.add(process.pid);
    agents.push({ process, agent, stays });
  }
  return { agents, others };
}
