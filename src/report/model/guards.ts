import * as v from "valibot";
import { causes, guardKinds, postures } from "../guards.ts";
import { described, object, text } from "./schema.ts";

export const posture = described("How a guard stands; the first of these words is the worst.", v.picklist(postures));
export const cause = described("Why it stands so.", v.picklist(causes));

export const guard = described(
  "One thing that keeps ghosts away, and whether it really does.",
  object({
    guard: v.picklist(guardKinds),
    name: described("Which of them: a unit, a path, an address.", text),
    posture,
    cause,
    detail: described("What was seen, in a sentence.", text),
    cure: described("What a person can do about it; null where there is nothing to do.", v.nullable(text)),
  }),
);

export type Guard = v.InferOutput<typeof guard>;
