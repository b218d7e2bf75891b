import { releasesOf, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { shaped } from "../entry-shape.ts";
import type { Format } from "../format.ts";

/** One JSON object with an entry a member, described in the configuration. */
export function keyedJson({ entries, fields, presence }: DeclaredShape): Format {
  return {
    ...formatDefaults,
    name: "keyed-json",
    summary: "any JSON object with one member per registration, described by `entries` and `fields`",
    presence,
    codexThreads: true,
    releases: releasesOf(fields),
    layout: "members",
    container: "object",
    recordsPids: fields.pid !== undefined,
    entries,
    ...shaped({ fields, identity: (key) => (fields.identity === undefined ? key : undefined), finish: (claim) => claim }),
  };
}
