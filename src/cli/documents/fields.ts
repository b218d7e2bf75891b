import * as v from "valibot";
import { fieldNames } from "../../report/listing/fields.ts";
import { described, document, list, object } from "../../report/model/schema.ts";
import { entryMembers } from "../../report/model/sweep.ts";

const optional = Object.fromEntries(Object.entries(entryMembers).map(([name, member]) => [name, v.optional(member as v.GenericSchema)]));

export const fieldsDocument = document("A sweep, a dry run or a list with `--fields`: each entry has the members that were asked for.", {
  command: v.literal("fields"),
  of: described("What printed it.", v.picklist(["sweep", "list"])),
  fields: list(v.picklist(fieldNames)),
  entries: list(object(optional)),
});
