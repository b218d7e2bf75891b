import * as v from "valibot";
import { retiredProcess } from "../../report/model/owners.ts";
import { described, document, integer, list, object, text, time } from "../../report/model/schema.ts";

/** The history holds the words of the version that wrote it, so an action or a reason may be any text. */
export const historyDocument = document("What sweeps, restores and retirements have done, the oldest first.", {
  command: v.literal("history"),
  sweeps: list(
    object({
      sweepId: text,
      at: time,
      command: text,
      word: v.exactOptional(described("What an operator said, so that an entry went which a sweep would have kept.", text)),
      entries: list(
        object({
          registry: described("The path of its registry.", text),
          key: text,
          action: described("As in a sweep, in the words of the version that did it.", text),
          reason: described("As in a sweep, in the words of the version that did it.", text),
          tombstone: v.optional(described("The id under which it can be restored, or under which it was.", text)),
        }),
      ),
      more: v.exactOptional(described("How many more entries there were than are listed here.", integer)),
      processes: v.exactOptional(described("Processes that were ended.", list(retiredProcess))),
    }),
  ),
});
