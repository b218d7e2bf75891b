import { newestStamp } from "../age.ts";
import { provenDead, unknown } from "../answer.ts";
import { formatDuration } from "../duration.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";

type Silence = { readonly ms: number; readonly from: string };

const sinceSeen = ({ memory }: Scene): Silence => ({ ms: memory.seenForMs, from: "first seen" });

function silence(scene: Scene): Silence {
  const { wallMs } = scene.evidence.clock;
  if (scene.memory.clockStepped || !wallMs.seen) return sinceSeen(scene);
  const newest = newestStamp(wallMs.value, scene.claim, undefined);
  return newest === undefined ? sinceSeen(scene) : { ms: wallMs.value - newest.at, from: newest.from };
}

/** Made anew from the scene when it is read, so that nothing but the scene is kept for it. */
function formatSilence(scene: Scene): string {
  const { from, ms } = silence(scene);
  return `${from} ${formatDuration(ms)} ago`;
}

const formatComparison = (scene: Scene, than: string): string =>
  `${formatSilence(scene)}, ${than} the TTL of ${formatDuration(scene.policy.ttlMs)}, and nothing else can tell`;

export const ttl = {
  name: "ttl",
  role: "last-resort",
  rule: "Where no rung has any means to look, an entry silent for longer than the TTL is a ghost.",
  ask: (scene) => {
    if (silence(scene).ms > scene.policy.ttlMs) return provenDead("ttl-expired", () => formatComparison(scene, "longer than"));
    return scene.memory.clockStepped
      ? unknown("clock-stepped", () => `the clock was stepped; ${formatSilence(scene)}`)
      : unknown("within-ttl", () => formatComparison(scene, "within"));
  },
} as const satisfies Rung;
