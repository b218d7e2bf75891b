import type { Presence } from "../core/registration.ts";
import { claimFrom, type FieldMap } from "./fields.ts";
import type { Format } from "./format.ts";

/** What a configuration says of a registry that sessreap does not know by name. */
export type DeclaredShape = {
  /** JSON pointer to the object that holds the entries. */
  readonly entries: string;
  readonly fields: FieldMap;
  readonly presence: Presence;
};

/** One JSON object with an entry a member, described in the configuration. */
export function keyedJson({ entries, fields, presence }: DeclaredShape): Format {
  return {
    name: "keyed-json",
    summary: "any JSON object with one member per registration, described by `entries` and `fields`",
    wellKnown: () => [],
    presence,
    holderNames: undefined,
    codexThreads: true,
    triedServers: () => [],
    statedIdentity: undefined,
    owner: undefined,
    layout: "members",
    container: "object",
    entries,
    claim: (key, value) => {
      const claim = claimFrom(key, value, fields);
      if (!claim.ok || fields.identity !== undefined) return claim;
      return { ...claim, registration: { ...claim.registration, identity: key } };
    },
  };
}
