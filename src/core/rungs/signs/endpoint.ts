import { deadByAbsence, formatMessage, noSign, notApplicable, unknown, type Answer } from "../../answer.ts";
import { endpointName, type Endpoint } from "../../registration.ts";
import type { Scene } from "../../scene.ts";
import { holderOf } from "./recorded-holder.ts";
import type { Sign } from "./sign.ts";

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

/** The address at which the holder said it listens. */
export const endpoint: Sign = {
  name: "endpoint",
  shows: "process",
  ask: (scene) => (scene.claim.endpoint === undefined ? noSign : askEndpoint(scene, scene.claim.endpoint, holderOf(scene))),
};
