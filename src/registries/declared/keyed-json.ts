import { identityIsSession, namesHolders, namesTmux, releasesOf, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { withKept } from "./kept.ts";

/** One JSON object with an entry a member, described in the configuration. */
export function keyedJson(shape: DeclaredShape): Format {
  const { entries, fields, about, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    name: "keyed-json",
    title: undefined,
    summary: "any JSON object with one member per registration, described by `entries` and `fields`",
    about,
    namesHolders: namesHolders(shape),
    namesTmux: namesTmux(shape),
    identityIsSession: identityIsSession(shape),
    fields,
    declaredFields: JSON.stringify(fields),
    keepWhen,
    codexThreads: true,
    releases: releasesOf(fields),
    layout: "members",
    container: "object",
    recordsPids: fields.pid !== undefined,
    entries,
    claim: (key, value) => withKept(knownClaimFrom(key, value, fields), value, keepWhen),
  };
}
