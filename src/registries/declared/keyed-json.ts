import { describedBasics, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { withKept } from "./kept.ts";

/** One JSON object with an entry a member, described in the configuration. */
export function keyedJson(shape: DeclaredShape): Format {
  const { entries, fields, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    name: "keyed-json",
    summary: "any JSON object with one member per registration, described by `entries` and `fields`",
    keepWhen,
    layout: "members",
    container: "object",
    recordsPids: fields.pid !== undefined,
    entries,
    claim: (key, value) => withKept(knownClaimFrom(key, value, fields), value, keepWhen),
  };
}
