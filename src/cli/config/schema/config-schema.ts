import * as v from "valibot";
import { formatNames } from "../../../registries/known.ts";
import { registryConfig } from "./registry-schema.ts";
import { duration, path, program, goneHost, described } from "./values.ts";

export { safeParse } from "valibot";

/** Everything that a configuration can say; the published JSON schema is made from this. */
export const configSchema = v.strictObject({
  $schema: described("Where an editor finds the schema of this file.", v.string()),
  grace: described("Younger entries are left alone (default 10m). A duration: 90s, 10m, 2h, 7d; 0 is allowed.", duration),
  ttl: described("How long an entry is kept that nothing can tell of (default 7d). A duration, as in grace.", duration),
  pidNamespace: described(
    "own declares that this machine's pids are all there are: in a container whose home no other machine shares.",
    v.picklist(["own"]),
  ),
  agents: described(
    "Programs that run sessions beside the agents known by name, and * in a name is any text: a process of one that carries a session's id keeps it.",
    v.array(program),
  ),
  onlookers: described(
    "Programs that carry a session's id and never run it, as agents are named: they keep nothing. A name with a slash is a program's whole path.",
    v.array(program),
  ),
  hostsGone: described(
    "Hosts (or machine ids) that will not come back, and * in a name is any text: their entries go at the second look, unless they still beat. A name of this host means none.",
    v.array(goneHost),
  ),
  healRenamedHost: described(
    "Take over a lock that this machine left under an older name (default false): on a local file system, when its pid is dead and it has not beaten for five minutes.",
    v.boolean(),
  ),
  metricsFile: described("Write the figures of each sweep here, for the textfile collector of a Prometheus node exporter.", path),
  wellKnown: described(
    "Whether the well-known places of the formats are swept (default true), or of which formats they are. What a registry there says of a session counts in any case.",
    v.union([v.boolean(), v.array(v.picklist(formatNames))], "true, false or a list of formats"),
  ),
  registries: described(
    "Registries to sweep beside the well-known places; one of the same format and path takes the place of such a one.",
    v.array(registryConfig),
  ),
});

export type Config = v.InferOutput<typeof configSchema>;
