import { isDeepStrictEqual } from "node:util";
import type { Evidence } from "../core/evidence.ts";
import type { RegistryFacts } from "../core/scene.ts";

/** All that the ladder is told beside an entry and what is remembered of it. */
export type Sight = { readonly evidence: Evidence; readonly facts: RegistryFacts };

/**
 * Whether two looks saw the very same. The ladder has no eyes of its own (it is pure, which the compiler holds), so what
 * it said of an entry after the one look it would say again after the other. A doubt costs no more than judging anew.
 */
export function isSameSight(before: Sight, now: Sight): boolean {
  // Agents are indexed by the processes, which are compared, and by the format.
  const [{ agents: _before, ...factsBefore }, { agents: _now, ...factsNow }] = [before.facts, now.facts];
  return isDeepStrictEqual(before.evidence, now.evidence) && isDeepStrictEqual(factsBefore, factsNow);
}
