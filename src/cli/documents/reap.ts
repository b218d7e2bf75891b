import * as v from "valibot";
import { document, list } from "../../report/model/schema.ts";
import { entryReport } from "../../report/model/sweep.ts";

export const reapDocument = document("What became of the entries that a key names.", {
  command: v.literal("reap"),
  entries: list(entryReport),
});
