import * as v from "valibot";
import { described, document, flag, list, object, text } from "../../report/model/schema.ts";
import { restoreActions } from "../../sweep/restore/restored.ts";

export const restoreDocument = document("What became of the tombstones that were to be put back.", {
  command: v.literal("restore"),
  dryRun: described("Nothing was written.", flag),
  entries: list(
    object({
      registry: described("The path of its registry.", text),
      format: text,
      key: text,
      tombstone: described("Its id.", text),
      action: described("newcomer: another entry has its name by now.", v.picklist(restoreActions)),
      detail: described("What stood in the way, in a sentence; empty if nothing did.", text),
    }),
  ),
});
