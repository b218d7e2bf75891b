import type { Intent } from "./actions.ts";
import type { Judgement } from "./ladder.ts";
import type { EntryMemory } from "./memory.ts";
import { secondLookMs, type Policy } from "./policy.ts";

/** What may be done in a registry at all. */
export type RegistryPolicy = {
  /** Its owner is up, or a sign of it could not be looked at. */
  readonly ownerUp: boolean;
  /** The owner has a command that releases an entry. */
  readonly releasable: boolean;
  /** Why nothing may be written there by us; undefined when it may. */
  readonly reportOnly: string | undefined;
};

/** A death that was proven is acted on at once; one that rests on absence waits for a second look. */
export function intentFor(judgement: Judgement, memory: EntryMemory, registryPolicy: RegistryPolicy, policy: Policy): Intent {
  if (judgement.verdict !== "ghost") return "keep";
  if (registryPolicy.ownerUp && !registryPolicy.releasable) return "withhold";
  if (!registryPolicy.ownerUp && registryPolicy.reportOnly !== undefined) return "withhold";
  const secondLook = memory.absentForMs !== undefined && memory.absentForMs >= secondLookMs;
  if (!judgement.certain && !policy.now && !secondLook) return "wait";
  return registryPolicy.ownerUp ? "release" : "reap";
}
