import { agentsShowing } from "../../agents/observed-holders.ts";
import { live, noSign, notApplicable, unknown } from "../../answer.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

const unnamed = notApplicable("no agent CLI names it");

/** An agent CLI that names the session, or states the agent's name. */
export const attachedCli: Sign = {
  name: "attached-cli",
  ask: (scene) => {
    const { sessionId, identity } = scene.claim;
    if (sessionId === undefined && identity === undefined) return noSign;
    const [agent] = agentsShowing(scene);
    if (agent !== undefined) {
      const isByName = identity !== undefined && scene.registry.agents.byIdentity.get(identity) === agent;
      return live(
        "attached-cli",
        `${agent.agent} (pid ${agent.pid}) names ${isByName ? `agent ${identity}` : "the session"} in its arguments`,
      );
    }
    const table = wholeTable(scene);
    return table.seen ? unnamed : unknown("process-table-blind", table.why);
  },
};
