import * as v from "valibot";
import { described, document, flag, integer, list, object, text } from "../../report/model/schema.ts";
import { registryConfig } from "../config/schema/registry-schema.ts";

/** One value and where it came from. A value that was not set is not there. */
const setting = <Schema extends v.GenericSchema>(value: Schema) =>
  object({ value, from: described("A flag, a variable, the path of a configuration, or default.", text) });

const orUnset = <Schema extends v.GenericSchema>(value: Schema) => v.optional(value);

const signs = object({ argv: orUnset(list(text)), unit: orUnset(text), lock: orUnset(text), socket: orUnset(text) });

export const configDocument = document("The effective configuration. A value that is not set is not there.", {
  command: v.literal("config"),
  settings: object({
    grace: setting(described("In milliseconds.", integer)),
    ttl: setting(described("In milliseconds.", integer)),
    pidNamespace: setting(orUnset(v.literal("own"))),
    agents: setting(list(text)),
    onlookers: setting(list(text)),
    hostsGone: setting(list(text)),
    healRenamedHost: setting(flag),
    metricsFile: setting(orUnset(text)),
    stateDir: setting(text),
    wellKnown: setting(described("Whether well-known places are swept, or of which formats.", v.union([flag, list(text)]))),
    registries: setting(orUnset(described("As the configuration has them.", list(registryConfig)))),
    dropIns: described("Registries that stand in files of their own.", list(setting(list(registryConfig)))),
    files: described("The configurations that were read, the stronger first.", list(text)),
  }),
  registries: described(
    "The registries that a sweep looks at.",
    list(
      object({
        format: text,
        path: described("Its absolute path.", text),
        layout: described(
          "`members`: one file has all entries; `files`: a directory has one file an entry; `rows`: a table has one row an entry.",
          v.picklist(["members", "files", "rows"]),
        ),
        wellKnown: described("It was not named: it is looked at if it is there.", flag),
        appServers: list(object({ url: text, configured: described("It was named, and not found by itself.", flag) })),
        owner: described("The signs by which its daemon is known to be up; null for none.", v.nullable(signs)),
        release: described("The owner's command that releases an entry; null for none.", v.nullable(list(text))),
        misread: described(
          "Why its entries cannot mean what its fields say, so that it is not swept; null where they may.",
          v.nullable(text),
        ),
        absentFields: described("The members that its fields name and no entry has, each with its field.", list(text)),
        state: described(
          "Whether it was read for these checks; null where it was not looked at: a well-known place of a format with a shape of its own.",
          v.nullable(v.picklist(["read", "missing", "unreadable", "malformed", "busy"])),
        ),
        problem: described("Why it was not read; null where nothing stands in the way.", v.nullable(text)),
        entries: described("How many entries it has; null where it was not read.", v.nullable(integer)),
        fields: described(
          "Each member that its fields name.",
          list(
            object({
              field: text,
              member: described("A name, a JSON pointer, `<key>` or `<value>`.", text),
              found: described("How many entries have it.", integer),
              understood: described("In how many of them it says what the field asks for.", integer),
              names: described("The names that stand where it should.", list(text)),
            }),
          ),
        ),
        malformed: described(
          "How many entries cannot be understood, and what is said of the first; null where all can be.",
          v.nullable(object({ count: integer, first: text })),
        ),
        patterns: described("Which files of its directory are entries; none where one file has all.", list(text)),
        besides: described("Where no file is an entry: some of those that are there.", list(text)),
        ownerNow: described(
          "Whether its owner is up now, by which sign, the unit that no service manager knows, and whether it was ever seen up, null before the first sweep; null where it has no owner.",
          v.nullable(object({ up: flag, why: v.nullable(text), unknownUnit: v.nullable(text), everSeen: v.nullable(flag) })),
        ),
        remembered: object({
          entries: described("Of how many entries sweeps keep a record.", integer),
          startTokens: described(
            "Whether start tokens count there: the writer is known to record ticks, one has matched its process, or none has yet.",
            v.picklist(["known", "proven", "unproven"]),
          ),
        }),
      }),
    ),
  ),
  clock: described(
    "What the last sweep left of the clock.",
    object({
      reliedOn: described("Sweeps have watched it for an hour awake since the last boot or sleep, or it is synchronised.", flag),
      watchedMs: described("For how long, in ms of awake time; short boots add up.", integer),
      sleptMs: described("Sleep of the machine that is taken off ages, in ms.", integer),
    }),
  ),
});
