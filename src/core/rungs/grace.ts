import { ageOf, type Age } from "../age.ts";
import { notApplicable, unknown, type Answer } from "../answer.ts";
import { sayDuration } from "../duration.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";

type KnownAge = Extract<Age, { known: true }>;

const sayAge = ({ from, ms }: KnownAge): string => `${from} ${sayDuration(ms)} ago`;

/** Why an entry of this age is left alone; undefined once it is old enough to be judged. */
export function youth({ policy, memory }: Scene, age: Age): Extract<Answer, { kind: "unknown" }> | undefined {
  const { graceMs } = policy;
  if (!age.known) return unknown("age-unknown", `its age cannot be known: ${age.why}`);
  return age.ms >= graceMs ? undefined : young(age, graceMs, memory.clockStepped);
}

function young(age: KnownAge, graceMs: number, clockStepped: boolean): Extract<Answer, { kind: "unknown" }> {
  const said = (): string => `${sayAge(age)}, within the grace period of ${sayDuration(graceMs)}`;
  return clockStepped ? unknown("clock-stepped", () => `the clock was stepped; ${said()}`) : unknown("within-grace", said);
}

export const grace: Rung = {
  name: "grace",
  rule: "An entry younger than the grace period is left alone, and so is one whose age cannot be known.",
  ask: (scene) => {
    const age = ageOf(scene);
    return youth(scene, age) ?? notApplicable(() => (age.known ? sayAge(age) : ""));
  },
};
