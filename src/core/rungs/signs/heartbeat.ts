import { noSign, notApplicable, unknown } from "../../answer.ts";
import { formatDuration } from "../../duration.ts";
import { freshHeartbeatMs } from "../../policy.ts";
import { holderOf } from "./recorded-holder.ts";
import type { Sign } from "./sign.ts";

/**
 * A heartbeat that is fresh (younger than ten minutes, the grace period and three times the longest gap between two that
 * sweeps have seen): some thread of the writer still turns. That is no proof of life, so it never says `live`; and
 * no death that rests on absence or silence stands against it. A proven death of the recorded holder does. After a step
 * of the clock its age cannot be told from the entry, only from how long sweeps have seen the entry.
 */
export const heartbeat: Sign = {
  name: "heartbeat",
  shows: "session",
  ask: (scene) => {
    const { claim, evidence, memory, policy } = scene;
    const { wallMs } = evidence.clock;
    if (claim.lastHeartbeatAt === undefined || !wallMs.seen) return noSign;
    const ageMs = memory.clockStepped ? memory.seenForMs : wallMs.value - claim.lastHeartbeatAt;
    if (ageMs < 0) return notApplicable("its heartbeat is in the future, which is no evidence");
    const described = (): string => `its last heartbeat is ${formatDuration(ageMs)} old`;
    if (ageMs >= Math.max(freshHeartbeatMs, policy.graceMs, 3 * memory.longestGapMs)) return notApplicable(described);
    const holder = holderOf(scene);
    return holder.kind === "dead" && holder.certain
      ? notApplicable(() => `${described()}, but its holder is proven dead`)
      : unknown("heartbeat-fresh", described);
  },
};
