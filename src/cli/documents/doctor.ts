import * as v from "valibot";
import { guard, posture } from "../../report/model/guards.ts";
import { lastRun } from "../../report/model/last-run.ts";
import { described, document, integer, list } from "../../report/model/schema.ts";

export const doctorDocument = document("How every guard stands.", {
  command: v.literal("doctor"),
  posture: described("That of the worst guard.", posture),
  concerns: described("How many guards are not on, or have a cure.", integer),
  guards: list(guard),
  lastRun: described("Null if none is recorded.", v.nullable(lastRun)),
});
