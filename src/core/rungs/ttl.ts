import { hasUntoldTime, newestStamp } from "../age.ts";
import { deadByAbsence, unknown, type Answer } from "../answer.ts";
import { sleptAtMost } from "../clocks/sleep.ts";
import { formatDuration } from "../duration.ts";
import type { Scene } from "../scene.ts";
import { idleSince } from "./idle-agents.ts";
import type { Rung } from "./rung.ts";
import { wholeTable } from "./whole-table.ts";

/** Awake time, and the sleep that may have been in it. */
type Silence = { readonly ms: number; readonly sleptMs: number; readonly from: string };

const sinceSeen = ({ memory }: Scene): Silence => ({ ms: memory.seenForMs, sleptMs: 0, from: "first seen" });

/** How long the entry has been silent, by the newest of all its times; of sleep all is taken off that may have been since. */
export function silence(scene: Scene): Silence {
  const { clock, time } = scene.evidence;
  const { modifiedAt, oneFile } = scene.registry;
  if (scene.memory.clockStepped || !clock.wallMs.seen) return sinceSeen(scene);
  const nowMs = clock.wallMs.value;
  // The time of a file of its own is newer than all that is written in it.
  if (!oneFile && hasUntoldTime(nowMs, scene.claim)) return sinceSeen(scene);
  const newest = newestStamp(nowMs, scene.claim, oneFile && modifiedAt.seen ? modifiedAt.value : undefined);
  const { lastHeartbeatAt } = scene.claim;
  const awakeSince = (at: number, from: string): Silence => {
    const sleptMs = time.sleeps.seen ? sleptAtMost(time.sleeps.value, at) : 0;
    return { ms: nowMs - at - sleptMs, sleptMs, from };
  };
  if (lastHeartbeatAt !== undefined && lastHeartbeatAt <= nowMs && lastHeartbeatAt > (newest?.at ?? Number.NEGATIVE_INFINITY))
    return awakeSince(lastHeartbeatAt, "last heartbeat");
  return newest === undefined ? sinceSeen(scene) : awakeSince(newest.at, newest.from);
}

/** Made anew from the scene when it is read, so that nothing but the scene is kept for it. */
function formatSilence(scene: Scene): string {
  const { ttlMs } = scene.policy;
  const { from, ms, sleptMs } = silence(scene);
  const isKeptBySleep = ms <= ttlMs && ms + sleptMs > ttlMs;
  return `${from} ${formatDuration(ms + sleptMs)} ago${isKeptBySleep ? `, ${formatDuration(ms)} of it awake` : ""}`;
}

const formatComparison = (scene: Scene, than: string): string =>
  `${formatSilence(scene)}, ${than} the TTL of ${formatDuration(scene.policy.ttlMs)}`;

/** What keeps a silence from being proof that the session is over; undefined where nothing does. */
function doubtOf(scene: Scene): Answer | undefined {
  const { time } = scene.evidence;
  const kept = (why: string): Answer => unknown("within-ttl", () => `${formatComparison(scene, "longer than")}; ${why}`);
  if (!time.sleeps.seen) return kept(time.sleeps.why);
  if (!time.settled.seen) return kept(time.settled.why);
  const { modifiedAt, oneFile } = scene.registry;
  if (oneFile && !modifiedAt.seen) return kept(modifiedAt.why);
  const table = wholeTable(scene);
  if (!table.seen) return unknown("process-table-blind", table.why);
  const { ms, sleptMs } = silence(scene);
  const idle = idleSince(scene, table.value, ms + sleptMs);
  if (idle === undefined) return undefined;
  return kept(`${idle.agent} (pid ${idle.pid}) has been running since before that and shows no session, so it may run this one`);
}

function expired(scene: Scene): Answer {
  const doubt = doubtOf(scene);
  if (doubt !== undefined) return doubt;
  return deadByAbsence("ttl-expired", () => `${formatComparison(scene, "longer than")}, and nothing else can tell`);
}

/** The option under which a server that was only tried may condemn, and so before the TTL does. */
function sooner({ registry: { appServers } }: Scene): string {
  const options = appServers.filter(({ configured }) => !configured).map(({ url }) => `--app-server ${url}`);
  return options.length === 0 ? "" : `; judged sooner with ${options.join(" ")}`;
}

export const ttl = {
  name: "ttl",
  role: "last-resort",
  rule: "Where no rung has any means to look, an entry silent for longer than the TTL is a ghost.",
  ask: (scene) => {
    if (silence(scene).ms > scene.policy.ttlMs) return expired(scene);
    return scene.memory.clockStepped
      ? unknown("clock-stepped", () => `the clock was stepped; ${formatSilence(scene)}`)
      : unknown("within-ttl", () => `${formatComparison(scene, "within")}, and nothing else can tell${sooner(scene)}`);
  },
} as const satisfies Rung;
