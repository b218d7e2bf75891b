import { describedBasics, type DeclaredShape } from "./declared.ts";
import { formatDefaults } from "../formats/shared/defaults.ts";
import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";
import { withKept } from "./kept.ts";

/** One JSON array with an entry an element, described in the configuration. An element is called by its session. */
export function jsonArray(shape: DeclaredShape): Format {
  const { entries, fields, keepWhen = {} } = shape;
  return {
    ...formatDefaults,
    ...describedBasics(shape),
    name: "json-array",
    summary: "any JSON array with one element per registration, described by `entries` and `fields`",
    keepWhen,
    layout: "members",
    container: "array",
    recordsPids: fields.pid !== undefined,
    entries,
    claim: (index, value) => {
      const claim = withKept(knownClaimFrom(index, value, fields), value, keepWhen);
      if (!claim.ok) return claim;
      const { sessionId, identity, pid } = claim.registration;
      return {
        ...claim,
        registration: { ...claim.registration, key: sessionId ?? identity ?? (pid === undefined ? index : `pid ${pid}`) },
      };
    },
  };
}
