import { ageOf, type Age } from "../age.ts";
import { notApplicable, unknown, type Answer } from "../answer.ts";
import { formatDuration } from "../duration.ts";
import { sawItEnd } from "../plan/ending.ts";
import type { Rung } from "./rung.ts";

type KnownAge = Extract<Age, { known: true }>;

const formatAge = ({ from, ms, sleptMs }: KnownAge): string => `${from} ${formatDuration(ms + sleptMs)} ago`;

function graceAnswer(age: KnownAge, graceMs: number, clockStepped: boolean): Answer {
  const awake = age.ms + age.sleptMs < graceMs ? "" : `, ${formatDuration(age.ms)} of it awake`;
  const detail = (): string => `${formatAge(age)}${awake}, within the grace period of ${formatDuration(graceMs)}`;
  return clockStepped ? unknown("clock-stepped", () => `the clock was stepped; ${detail()}`) : unknown("within-grace", detail);
}

export const grace = {
  name: "grace",
  role: "gate",
  rule: "An entry younger than the grace period is left alone, and so is one whose age cannot be known.",
  ask: (scene) => {
    const { graceMs, anyAge } = scene.policy;
    if (scene.claim.silence !== undefined) return notApplicable("its server's clock counts, and not this machine's");
    const age = ageOf(scene);
    // Without the wall clock no heartbeat can be told from an old one.
    if (scene.evidence.clock.wallMs.seen && sawItEnd(scene)) return notApplicable("this run saw it end");
    if (!age.known) return unknown("age-unknown", `its age cannot be known: ${age.why}`);
    return anyAge || age.ms >= graceMs ? notApplicable(() => formatAge(age)) : graceAnswer(age, graceMs, scene.memory.clockStepped);
  },
} as const satisfies Rung;
