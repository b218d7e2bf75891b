import { outranks } from "../../core/answer.ts";
import { strongestEvidence } from "../../core/ladder.ts";
import type { Scene } from "../../core/scene.ts";
import type { Claim } from "../../registries/format.ts";

/**
 * The scene with that one of two recorded processes from which more life comes. Of two that are gone the one whose end is
 * less certain stands.
 */
export function heldByEither(scene: Scene, other: Extract<Claim, { ok: true }>["otherHolder"]): Scene {
  if (other === undefined) return scene;
  const beside = { ...scene, claim: { ...scene.claim, ...other } };
  const [first, second] = [strongestEvidence(scene), strongestEvidence(beside)];
  const isLessCertain = first.kind === "dead" && first.certain && second.kind === "dead" && !second.certain;
  return outranks(second, first) || isLessCertain ? beside : scene;
}
