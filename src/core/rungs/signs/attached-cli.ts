import { live, noSign, notApplicable, unknown } from "../../answer.ts";
import { canonicalSession } from "../../registration.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

const unnamed = notApplicable("no agent CLI names it");

/** An agent CLI that names the session, or states the agent's name. */
export const attachedCli: Sign = {
  name: "attached-cli",
  ask: (scene) => {
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
  },
};
