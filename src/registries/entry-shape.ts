import { claimFrom, readersOf, type FieldMap } from "./fields.ts";
import type { Claim, MembersFormat } from "./format.ts";
import { isPlainName } from "./json/json-notes.ts";

/** How an entry is read whose members say all that it claims. */
export type EntryShape = {
  readonly fields: FieldMap;
  /** What the agent is called where no member says so. */
  readonly identity: (key: string) => string | undefined;
  /** What the format has to say of what was read. */
  readonly finish: (claim: Claim, key: string) => Claim;
};

/** The claims of a format that has a shape. */
export function shaped(shape: EntryShape): Pick<MembersFormat, "claim" | "shape"> {
  const { fields, identity, finish } = shape;
  return { shape, claim: (key, value) => finish(claimFrom(key, value, fields, identity(key)), key) };
}

/** The members that a shape reads, if each can be found by the bytes of its name; none where one cannot. */
export function plainNames(shape: EntryShape | undefined): readonly string[] {
  const names = shape === undefined ? [] : readersOf(shape.fields).map(({ member }) => member);
  return names.every(isPlainName) && new Set(names).size === names.length ? names : [];
}
