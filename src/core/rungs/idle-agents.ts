import type { ProcessTable } from "../evidence.ts";
import type { AgentProcess } from "../agents/agent-process.ts";
import { clockStepMs, isRuledOut } from "../policy.ts";
import { tickMs } from "../clocks/ticks.ts";
import type { Scene } from "../scene.ts";
import { agentsShowingNone } from "../agents/observed-holders.ts";

/** Agents whose own registrations say which session they run. */
const isRegistered = ({ evidence: { registered } }: Scene, pid: number): boolean => registered.seen && registered.value.provenPids.has(pid);

/**
 * An agent, or a process with a name that a configuration gives to holders, that has been running for at least so long and shows no
 * session now: it may be the one that wrote the entry, in a way that nothing shows. Only a user who can have written it counts.
 */
export function idleSince(scene: Scene, table: ProcessTable, forMs: number): AgentProcess | undefined {
  const { registry, evidence, policy } = scene;
  const { bootMs } = evidence.clock;
  const older = table.agents.filter(({ pid, uid, startTicks }) => {
    if (isRuledOut(policy, { pid, startTicks })) return false;
    if (registry.writer !== undefined && registry.writer !== uid) return false;
    return !bootMs.seen || bootMs.value - Number(startTicks) * tickMs + clockStepMs >= forMs;
  });
  if (older.length === 0) return undefined;
  return agentsShowingNone(scene, { ...table, agents: older }).find(({ pid }) => !isRegistered(scene, pid));
}

/**
 * An agent that a process has left behind which led its process group or kernel session, and that shows no session now: it may
 * run the one of its leader. The kernel gives a pid to no other process while such a group stands.
 */
export function leftBehindBy(pid: number, scene: Scene, table: ProcessTable): AgentProcess | undefined {
  const members = table.agents.filter(
    (one) => one.pid !== pid && (one.processGroup === pid || one.kernelSession === pid) && !isRuledOut(scene.policy, one),
  );
  if (members.length === 0) return undefined;
  return agentsShowingNone(scene, { ...table, agents: members }).find((one) => !isRegistered(scene, one.pid));
}
