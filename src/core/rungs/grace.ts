import { ageOf, type Age } from "../age.ts";
import { notApplicable, unknown } from "../answer.ts";
import { sayDuration } from "../duration.ts";
import type { Rung } from "./rung.ts";

const sayAge = ({ from, ms }: Extract<Age, { known: true }>): string => `${from} ${sayDuration(ms)} ago`;

export const grace: Rung = {
  name: "grace",
  rule: "An entry younger than the grace period is left alone, and so is one whose age cannot be known.",
  ask: (scene) => {
    const age = ageOf(scene);
    const { graceMs } = scene.policy;
    if (!age.known) return unknown("age-unknown", `its age cannot be known: ${age.why}`);
    if (age.ms >= graceMs) return notApplicable(() => sayAge(age));
    const said = (): string => `${sayAge(age)}, within the grace period of ${sayDuration(graceMs)}`;
    return scene.memory.clockStepped ? unknown("clock-stepped", () => `the clock was stepped; ${said()}`) : unknown("within-grace", said);
  },
};
