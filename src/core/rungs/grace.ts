import { ageOf, type Age } from "../age.ts";
import { notApplicable, unknown, type Answer } from "../answer.ts";
import { sayDuration } from "../duration.ts";
import type { Rung } from "./rung.ts";

type KnownAge = Extract<Age, { known: true }>;

const sayAge = ({ from, ms }: KnownAge): string => `${from} ${sayDuration(ms)} ago`;

function young(age: KnownAge, graceMs: number, clockStepped: boolean): Answer {
  const said = (): string => `${sayAge(age)}, within the grace period of ${sayDuration(graceMs)}`;
  return clockStepped ? unknown("clock-stepped", () => `the clock was stepped; ${said()}`) : unknown("within-grace", said);
}

export const grace: Rung = {
  name: "grace",
  role: "gate",
  rule: "An entry younger than the grace period is left alone, and so is one whose age cannot be known.",
  ask: (scene) => {
    const { graceMs } = scene.policy;
    const age = ageOf(scene);
    if (!age.known) return unknown("age-unknown", `its age cannot be known: ${age.why}`);
    return age.ms >= graceMs ? notApplicable(() => sayAge(age)) : young(age, graceMs, scene.memory.clockStepped);
  },
};
