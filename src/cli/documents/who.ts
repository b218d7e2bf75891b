import * as v from "valibot";
import { described, document, flag, integer, list, object, text, time } from "../../report/model/schema.ts";
import { reason, verdict } from "../../report/model/sweep.ts";

const orNever = v.nullable(time);

export const whoDocument = document("Which registrations of an identity should get its signals, the best first.", {
  command: v.literal("who"),
  identity: text,
  routes: list(
    object({
      registry: described("The path of its registry.", text),
      key: text,
      sessionId: v.nullable(text),
      master: flag,
      lastActivityAt: described("Null if it never said so.", orNever),
      lastHeartbeatAt: described("Null if it never said so. A heartbeat is no activity.", orNever),
      releasedAt: described("Null if it was not released, or at a time that cannot be read.", orNever),
      before: described("Why it comes before the next, in words.", text),
      verdict,
      reason,
      detail: described("What was seen, in a sentence.", text),
    }),
  ),
  flapping: described(
    "The identity takes a new session id every few seconds: how many, in how many milliseconds. Null if it does not.",
    v.nullable(object({ ids: integer, spanMs: integer })),
  ),
});
