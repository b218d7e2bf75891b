import { isRecord, valueAt, type FieldMap, type KeepWhen } from "./fields.ts";
import { isUnderstood, type FieldName } from "./field-readers.ts";
import { pointerParts } from "./json/json-bytes.ts";

/** In how many of the entries a mapped member is, and in how many of them it says what its field asks for. */
export type FieldCoverage = {
  readonly field: FieldName | "keepWhen";
  readonly member: string;
  readonly found: number;
  readonly understood: number;
  /** The names that stand where the member should: those of the entries, or of the objects that its pointer leads into. */
  readonly names: readonly string[];
};

/** So many names are enough to find the right one among them. */
const mostNames = 40;

/** The object in which a member stands: the entry itself, or where its pointer leads. */
function holderOf(value: unknown, member: string): unknown {
  if (!member.startsWith("/")) return value;
  return pointerParts(member)
    .slice(0, -1)
    .reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), value);
}

/** How far the fields of a configuration fit the entries that are there. One pass: a registry can have a million. */
export function coverageOf(fields: FieldMap, keepWhen: KeepWhen, values: Iterable<unknown>): readonly FieldCoverage[] {
  const kept = Object.keys(keepWhen).map((member) => ["keepWhen", member] as const);
  const mapped = [...(Object.entries(fields) as [FieldName, string][]), ...kept].map(([field, member]) => ({
    field,
    member,
    found: 0,
    understood: 0,
    names: new Set<string>(),
  }));
  for (const value of values) {
    for (const one of mapped) {
      const given = valueAt(value, one.member);
      if (given !== undefined) one.found += 1;
      if (given !== undefined && (one.field === "keepWhen" || isUnderstood(one.field, given))) one.understood += 1;
      const holder = one.names.size < mostNames ? holderOf(value, one.member) : undefined;
      if (isRecord(holder)) for (const name of Object.keys(holder).slice(0, mostNames)) one.names.add(name);
    }
  }
  return mapped.map((one) => ({ ...one, names: [...one.names].slice(0, mostNames) }));
}
