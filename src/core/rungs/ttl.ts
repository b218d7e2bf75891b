import { newestStamp } from "../age.ts";
import { provenDead, unknown } from "../answer.ts";
import { sayDuration } from "../duration.ts";
import type { Policy } from "../policy.ts";
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

const saySilence = ({ from, ms }: Silence): string => `${from} ${sayDuration(ms)} ago`;
const sayBeside = (silent: Silence, than: string, { ttlMs }: Policy): string =>
  `${saySilence(silent)}, ${than} the TTL of ${sayDuration(ttlMs)}, and nothing else can tell`;

export const ttl: Rung = {
  name: "ttl",
  rule: "Where no rung has any means to look, an entry silent for longer than the TTL is a ghost.",
  ask: (scene) => {
    const { policy } = scene;
    const { ttlMs } = policy;
    const silent = silence(scene);
    if (silent.ms > ttlMs) return provenDead("ttl-expired", () => sayBeside(silent, "longer than", policy));
    return scene.memory.clockStepped
      ? unknown("clock-stepped", () => `the clock was stepped; ${saySilence(silent)}`)
      : unknown("within-ttl", () => sayBeside(silent, "within", policy));
  },
};
