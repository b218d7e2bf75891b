import type { Intent } from "./actions.ts";
import type { Judgement } from "../ladder.ts";
import type { EntryMemory } from "../memory/memory.ts";
import { secondLookMs, type Policy } from "../policy.ts";
import { steadyMs, type Ending } from "./ending.ts";

/** What may be done in a registry at all. */
export type RegistryPolicy = {
  /** Its owner is up, or a sign of it could not be looked at. */
  readonly ownerUp: boolean;
  /** Its owner is up, and it is what sweeps: then its being up withholds nothing. */
  readonly ownerCalls: boolean;
  /** The owner has a command that releases an entry. */
  readonly releasable: boolean;
  /** Why nothing may be written there by us; undefined when it may. */
  readonly reportOnly: string | undefined;
};

/**
 * How an entry that is a ghost is changed: it goes; its release is written into it, for a newer start of its process
 * (stamp) or for what condemned it (mark); or it is given this host's name.
 */
export type Change = Extract<Intent, "reap" | "stamp" | "mark" | "take-over">;

/**
 * A thread that was closed before this run's eyes and that every server calls not loaded, under an owner that has been up and
 * would load it again if it wanted it.
 */
function isClosedInPeace(reason: Judgement["reason"], ending: Ending | undefined, isOwned: boolean): boolean {
  if (reason !== "thread-not-loaded") return false;
  return ending !== undefined && ending.closedOn.length > 0 && isOwned && (ending.ownerUpMs ?? 0) >= steadyMs;
}

/**
 * Returns what the sweep means to do. A death that was proven is acted on at once; one that rests on absence waits for
 * a second look. The owner's command removes an entry, so it serves no change but a reaping.
 */
export function intentFor(
  judgement: Judgement,
  memory: EntryMemory,
  { ownerUp, ownerCalls, releasable, reportOnly }: RegistryPolicy,
  policy: Policy,
  change: Change = "reap",
): Intent {
  if (judgement.verdict !== "ghost") return "keep";
  if (ownerUp ? !releasable || change !== "reap" : reportOnly !== undefined) return "withhold";
  const secondLook = memory.absentForMs !== undefined && memory.absentForMs >= secondLookMs;
  const isProven = judgement.certain || isClosedInPeace(judgement.reason, memory.ending, ownerUp || ownerCalls);
  if (!isProven && !policy.now && !secondLook) return "wait";
  return ownerUp ? "release" : change;
}
