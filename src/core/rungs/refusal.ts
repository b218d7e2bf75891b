import { unknown, type Answer } from "../answer.ts";
import type { Refusal } from "../evidence.ts";
import type { Reason } from "../reasons.ts";

/** Why a refusal does not show that nothing is there; undefined where it does. */
export function doubtOf({ listens, network }: Refusal, name: string, reason: Reason): Answer | undefined {
  if (!network.seen) return unknown("foreign-network", () => `${name} refuses connections, but ${network.why}`);
  if (!listens.seen) return unknown(reason, () => `${name} refuses connections, and who listens there is not known: ${listens.why}`);
  return listens.value ? unknown(reason, () => `${name} refuses connections, though a process listens there`) : undefined;
}
