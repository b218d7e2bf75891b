import * as v from "valibot";
import { described, document, flag, integer, list, object, text } from "../../report/model/schema.ts";

export const fleetDocument = document("The machines that the tables of servers name, or the making of their tables of hosts.", {
  command: v.literal("fleet"),
  dryRun: described("Nothing was made.", flag),
  servers: list(
    object({
      registry: described("The address of its database.", text),
      table: text,
      machine: described("The name under which this machine's rows stand there.", text),
      problem: described("Why it could not be read, or its table of hosts not be made; null if it was.", v.nullable(text)),
      hasHosts: described("There is a table of hosts beside it.", flag),
      sql: described("What makes the table of hosts, where that was asked for.", list(text)),
      hosts: list(
        object({
          machine: text,
          rows: described("How many of its rows are not released.", integer),
          bootId: described("The boot in which it last swept; null if it never did.", v.nullable(text)),
          seenAgoMs: described("How long ago it last swept, by the server's clock; null if it never did.", v.nullable(integer)),
          silent: described("It has not swept for three of its periods; null if it never swept.", v.nullable(flag)),
        }),
      ),
    }),
  ),
});
