import { formatMessage, noSign, notApplicable, unknown, type Answer, type Message } from "../../answer.ts";
import { sleptAtMost } from "../../clocks/sleep.ts";
import { formatDuration } from "../../duration.ts";
import { freshHeartbeatMs } from "../../policy.ts";
import { holderOf } from "./recorded-holder.ts";
import type { Sign } from "./sign.ts";

/**
 * A heartbeat that is fresh (younger than ten minutes, the grace period and three times the longest gap between two that
 * sweeps have seen): some thread of the writer still turns. That is no proof of life, so it never says `live`; and
 * no death that rests on absence or silence stands against it. A proven death of the recorded holder does. What sweeps have
 * seen change is as young as that, though its own time say otherwise. After a step of the clock nothing else can tell its age.
 */
export const heartbeat: Sign = {
  name: "heartbeat",
  shows: "session",
  ask: (scene) => {
    const { claim, evidence, memory, policy } = scene;
    const { wallMs } = evidence.clock;
    const { sleeps } = evidence.time;
    const { stillForMs } = memory;
    if (claim.lastHeartbeatAt === undefined || !wallMs.seen) return noSign;
    const fresh = (detail: Message): Answer => {
      const holder = holderOf(scene);
      const isProvenDead = holder.kind === "dead" && holder.certain;
      return isProvenDead
        ? notApplicable(() => `${formatMessage(detail)}, but its holder is proven dead`)
        : unknown("heartbeat-fresh", detail);
    };
    const freshMs = Math.max(freshHeartbeatMs, policy.graceMs, 3 * memory.longestGapMs);
    if (stillForMs !== undefined && stillForMs < freshMs)
      return fresh(() => `its heartbeat was seen to beat ${formatDuration(stillForMs)} ago`);
    if (!memory.clockStepped && !sleeps.seen) return fresh(`how old its heartbeat is cannot be told: ${sleeps.why}`);
    const statedMs = wallMs.value - claim.lastHeartbeatAt;
    if (!memory.clockStepped && statedMs < 0) return notApplicable("its heartbeat is in the future, which is no evidence");
    const sleptMs = sleeps.seen ? sleptAtMost(sleeps.value, claim.lastHeartbeatAt) : 0;
    const ageMs = memory.clockStepped ? memory.seenForMs : statedMs - sleptMs;
    const described = (): string => `its last heartbeat is ${formatDuration(ageMs)} old`;
    return ageMs >= freshMs ? notApplicable(described) : fresh(described);
  },
};
