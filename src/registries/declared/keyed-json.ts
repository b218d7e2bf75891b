import { namesHolders, namesTmux, releasesOf, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { claimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { withKept } from "./kept.ts";

/** One JSON object with an entry a member, described in the configuration. */
export function keyedJson(shape: DeclaredShape): Format {
  const { entries, fields, about, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    name: "keyed-json",
    summary: "any JSON object with one member per registration, described by `entries` and `fields`",
    about,
    namesHolders: namesHolders(shape),
    namesTmux: namesTmux(shape),
    declaredFields: JSON.stringify(fields),
    codexThreads: true,
    releases: releasesOf(fields),
    layout: "members",
    container: "object",
    recordsPids: fields.pid !== undefined,
    entries,
    claim: (key, value) => withKept(claimFrom(key, value, fields, fields.identity === undefined ? key : undefined), value, keepWhen),
  };
}
