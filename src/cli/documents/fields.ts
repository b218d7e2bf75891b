import * as v from "valibot";
import { doneFieldNames, fieldNames } from "../../report/listing/fields.ts";
import { described, document, list, object, text, time } from "../../report/model/schema.ts";
import { entryMembers } from "../../report/model/sweep.ts";

const optional = Object.fromEntries(Object.entries(entryMembers).map(([name, member]) => [name, v.optional(member as v.GenericSchema)]));

export const fieldsDocument = document("A sweep, a dry run or a list with `--fields`: each entry has the members that were asked for.", {
  command: v.literal("fields"),
  of: described("What printed it.", v.picklist(["sweep", "list"])),
  fields: list(v.picklist(fieldNames)),
  entries: list(object(optional)),
});

export const doneFieldsDocument = document("A history with `--fields`: each entry of an act has the members that were asked for.", {
  command: v.literal("history-fields"),
  fields: list(v.picklist(doneFieldNames)),
  entries: list(
    object({
      sweepId: v.exactOptional(text),
      at: v.exactOptional(time),
      command: v.exactOptional(text),
      word: v.exactOptional(text),
      registry: v.exactOptional(text),
      key: v.exactOptional(text),
      action: v.exactOptional(text),
      reason: v.exactOptional(text),
      tombstone: v.optional(text),
    }),
  ),
});
