import { deadByAbsence, noSign, notApplicable, unknown, type Answer } from "../../answer.ts";
import { seen, type Refusal } from "../../evidence.ts";
import { endpointName, type Endpoint } from "../../registration.ts";
import type { Scene } from "../../scene.ts";
import { doubtOf } from "../refusal.ts";
import { wholeTable } from "../whole-table.ts";
import { holderOf } from "./recorded-holder.ts";
import type { Sign } from "./sign.ts";

/** A port is this machine's only where every process that could listen there can be seen; a socket's path names one socket. */
function refused(scene: Scene, endpoint: Endpoint, observation: Refusal): Answer {
  const name = endpointName(endpoint);
  const doubt = doubtOf(observation, name, "endpoint-unanswered");
  if (doubt !== undefined) return doubt;
  const table = endpoint.kind === "tcp" ? wholeTable(scene) : seen(true);
  return table.seen ? deadByAbsence("endpoint-closed", `${name} refuses connections`) : unknown("process-table-blind", table.why);
}

/** What answers says nothing of the session; that nothing answers does, where no recorded process is there or may be. */
function askEndpoint(scene: Scene, endpoint: Endpoint): Answer {
  const name = endpointName(endpoint);
  const holder = holderOf(scene);
  if (holder.kind === "dead" && holder.certain) return notApplicable(`${name} says nothing of a process that is proven gone`);
  if (holder.kind === "live") return notApplicable(`${name} need not be asked`);
  const observation = scene.evidence.endpoints.get(name);
  if (observation === undefined) return unknown("endpoint-unanswered", `nobody asked ${name}`);
  switch (observation.kind) {
    case "accepted":
      return unknown("endpoint-open", `${name} accepts connections`);
    case "unanswered":
      return unknown("endpoint-unanswered", `${name}: ${observation.why}`);
    case "refused":
      return holder.kind === "unknown" ? notApplicable(`${name} refuses connections`) : refused(scene, endpoint, observation);
  }
}

/** The address at which the holder said it listens. */
export const endpoint: Sign = {
  name: "endpoint",
  shows: "process",
  ask: (scene) => (scene.claim.endpoint === undefined ? noSign : askEndpoint(scene, scene.claim.endpoint)),
};
