import * as v from "valibot";
import { described, document, flag, list, object, text } from "../../report/model/schema.ts";
import { registryConfig } from "../config/schema/registry-schema.ts";

export const suggestDocument = document("A declaration for a registry that no configuration describes, guessed from what is in it.", {
  command: v.literal("config suggest"),
  path: described("What was looked at; its absolute path.", text),
  declaration: described("To be read, and pasted into `registries` of a configuration.", registryConfig),
  findings: described(
    "Why each field was taken for what it is.",
    list(
      object({
        field: described("A field of the declaration, or `keepWhen`.", text),
        member: described("The member, or the pattern of a file's name.", text),
        why: text,
        sure: described("Something outside of the file bears it out: a process, a clock, this machine's name.", flag),
      }),
    ),
  ),
  notes: described("What else a person should know of it.", list(text)),
});
