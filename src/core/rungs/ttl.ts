import { newestStamp } from "../age.ts";
import { deadByAbsence, unknown } from "../answer.ts";
import { formatDuration } from "../duration.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";

type Silence = { readonly ms: number; readonly from: string };

const sinceSeen = ({ memory }: Scene): Silence => ({ ms: memory.seenForMs, from: "first seen" });

/** How long the entry has been silent, by the newest of all its times. */
function silence(scene: Scene): Silence {
  const { clock } = scene.evidence;
  const { modifiedAt, oneFile } = scene.registry;
  if (scene.memory.clockStepped || !clock.wallMs.seen) return sinceSeen(scene);
  const nowMs = clock.wallMs.value;
  const newest = newestStamp(nowMs, scene.claim, oneFile && modifiedAt.seen ? modifiedAt.value : undefined);
  const { lastHeartbeatAt } = scene.claim;
  if (lastHeartbeatAt !== undefined && lastHeartbeatAt <= nowMs && lastHeartbeatAt > (newest?.at ?? Number.NEGATIVE_INFINITY))
    return { ms: nowMs - lastHeartbeatAt, from: "last heartbeat" };
  return newest === undefined ? sinceSeen(scene) : { ms: nowMs - newest.at, from: newest.from };
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
    if (silence(scene).ms > scene.policy.ttlMs) return deadByAbsence("ttl-expired", () => formatComparison(scene, "longer than"));
    return scene.memory.clockStepped
      ? unknown("clock-stepped", () => `the clock was stepped; ${formatSilence(scene)}`)
      : unknown("within-ttl", () => formatComparison(scene, "within"));
  },
} as const satisfies Rung;
