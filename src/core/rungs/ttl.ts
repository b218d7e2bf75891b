import { newestStamp } from "../age.ts";
import { provenDead, unknown } from "../answer.ts";
import { sayDuration } from "../duration.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";

function silence(scene: Scene): { readonly ms: number; readonly from: string } {
  const { wallMs } = scene.evidence.clock;
  const sinceSeen = { ms: scene.memory.seenForMs, from: "first seen" };
  if (scene.memory.clockStepped || !wallMs.seen) return sinceSeen;
  const newest = newestStamp(wallMs.value, scene.claim, undefined);
  return newest === undefined ? sinceSeen : { ms: wallMs.value - newest.at, from: newest.from };
}

export const ttl: Rung = {
  name: "ttl",
  rule: "Where no rung has any means to look, an entry silent for longer than the TTL is a ghost.",
  ask: (scene) => {
    const { ttlMs } = scene.policy;
    const { ms, from } = silence(scene);
    const said = `${from} ${sayDuration(ms)} ago`;
    if (ms > ttlMs) return provenDead("ttl-expired", `${said}, longer than the TTL of ${sayDuration(ttlMs)}, and nothing else can tell`);
    return scene.memory.clockStepped
      ? unknown("clock-stepped", `the clock was stepped; ${said}`)
      : unknown("within-ttl", `${said}, within the TTL of ${sayDuration(ttlMs)}, and nothing else can tell`);
  },
};
