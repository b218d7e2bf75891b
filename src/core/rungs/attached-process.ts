import { type Answer, deadByAbsence, live, notApplicable, formatMessage, noSign, stronger, unknown } from "../answer.ts";
import { type Endpoint, canonicalSession, endpointName } from "../registration.ts";
import { recordedHolder } from "./recorded-holder.ts";
import type { Rung } from "./rung.ts";
import { wholeTable } from "./whole-table.ts";
import type { Scene } from "../scene.ts";

const unnamed = notApplicable("no agent CLI names it");
const unlocked = notApplicable("nobody holds its writer lock");

/** An agent CLI that names the session, or states the agent's name. */
function attachedCli(scene: Scene): Answer {
  const { claim, registry } = scene;
  const { sessionId, identity } = claim;
  if (sessionId === undefined && identity === undefined) return noSign;
  const { bySession: sessions, byIdentity } = registry.agents;
  const bySession = sessionId === undefined || sessions.size === 0 ? undefined : sessions.get(canonicalSession(sessionId));
  const agent = bySession ?? (identity === undefined ? undefined : byIdentity.get(identity));
  if (agent !== undefined) {
    return live(
      "attached-cli",
      `${agent.agent} (pid ${agent.pid}) names ${bySession === undefined ? `agent ${identity}` : "the session"} in its arguments`,
    );
  }
  const table = wholeTable(scene);
  return table.seen ? unnamed : unknown("process-table-blind", table.why);
}

function writerLock({ claim, registry }: Scene): Answer {
  if (registry.writerLocks === undefined || claim.sessionId === undefined) return noSign;
  if (!registry.writerLocks.seen) return unknown("writer-locks-unseen", registry.writerLocks.why);
  const locks = registry.writerLocks.value;
  const holder = locks.size === 0 ? undefined : locks.get(canonicalSession(claim.sessionId));
  return holder === undefined ? unlocked : live("writer-lock-held", `pid ${holder.pid} holds ${holder.path}`);
}

/** A closed endpoint speaks against the entry only once its recorded holder cannot be the one that runs. */
function askEndpoint({ claim, evidence }: Scene, endpoint: Endpoint, holder: Answer): Answer {
  const name = endpointName(endpoint);
  const observation = evidence.endpoints.get(name);
  if (observation === undefined) return unknown("endpoint-unanswered", `nobody asked ${name}`);
  switch (observation.kind) {
    case "accepted":
      return holder.kind === "not-applicable" && claim.pid !== undefined
        ? unknown("endpoint-open", `${formatMessage(holder.detail)}, but ${name} accepts connections`)
        : notApplicable(`${name} accepts connections, which proves nothing`);
    case "unanswered":
      return unknown("endpoint-unanswered", `${name}: ${observation.why}`);
    case "refused":
      return holder.kind === "dead" || holder.kind === "not-applicable"
        ? deadByAbsence("endpoint-closed", `${name} refuses connections`)
        : notApplicable(`${name} refuses connections`);
  }
}

/** In a registry whose sessions always show a process, a whole table without one is death by absence. */
function noProcess(scene: Scene): Answer {
  const { claim, registry } = scene;
  if (registry.presence !== "process") return noSign;
  const table = wholeTable(scene);
  if (!table.seen) return unknown("process-table-blind", table.why);
  if (claim.pid === undefined && claim.sessionId === undefined && claim.identity === undefined) {
    return notApplicable("it names no pid, session or agent to look for");
  }
  return deadByAbsence("no-process", "its sessions always show a process, and none holds it");
}

/** A session that shows as a thread outlives the process that registered it. */
function holderOf(scene: Scene): Answer {
  const answer = recordedHolder(scene);
  if (answer.kind !== "dead" || scene.registry.presence !== "thread" || answer.reason === "host-gone") return answer;
  return notApplicable(() => `${formatMessage(answer.detail)}, but its sessions show as threads`);
}

export const attachedProcess = {
  name: "attached-process",
  role: "evidence",
  rule: "A process that holds the session keeps it; a recorded holder that is provably gone condemns it.",
  ask: (scene) => {
    const holder = holderOf(scene);
    const { endpoint } = scene.claim;
    let answer = stronger(stronger(holder, attachedCli(scene)), writerLock(scene));
    if (endpoint !== undefined) answer = stronger(answer, askEndpoint(scene, endpoint, holder));
    return answer.kind === "not-applicable" ? stronger(answer, noProcess(scene)) : answer;
  },
} as const satisfies Rung;
