import { agentOf } from "../../core/agents/agents.ts";
import { isRunning } from "../../core/agents/process-tree.ts";
import { realHost } from "../../host/real-host.ts";
import { visible } from "../../report/visible.ts";
import { stateDirectory, type Env } from "../config/paths.ts";
import type { Candidate } from "./wanted.ts";

/** Of a command line the beginning tells which one it is. */
const longestMeaning = 60;

/** This user's processes, but for this command and those above it; `"agents"` are those that can run a session. */
export async function processes(which: "agents" | "all", env: Env, version: string): Promise<readonly Candidate[]> {
  const host = await realHost(stateDirectory(env), version);
  const { pid: own, uid, ancestors } = host.self();
  const tree = host.lookAtTree();
  const rows = tree.seen ? [...tree.value.tree.values()] : [];
  return rows
    .filter((row) => row.uid === uid && row.pid !== own && !ancestors.has(row.pid) && isRunning(row) && row.argv.length > 0)
    .filter(({ argv }) => which === "all" || agentOf(argv) !== undefined)
    .map(({ pid, argv }) => ({ word: String(pid), meaning: visible(argv.join(" "), longestMeaning) }));
}
