import type { Claim, FormatBasics, MembersFormat } from "../../registries/format.ts";
import { memberKey, type Container } from "../../registries/json/json-bytes.ts";
import { readMember } from "../../registries/json/json-lines.ts";
import { repeatedFieldReader } from "../../registries/json/repeated-fields.ts";
import { repeatedNames } from "../../registries/json/repeated.ts";
import type { SourceText } from "../../registries/json/json-members.ts";
import { elementNames, statedName } from "./element-names.ts";
import { keptAtMost, type Entries, type Entry } from "./loaded.ts";

/** A larger value, in bytes, is no registration, and is not parsed: V8 has no string of half a gigabyte. */
export const largestValue = 64 * 1024 * 1024;

/** The name of each member, or an element's index as text; in a large registry read from the file's bytes, too. */
export function keyReader(source: SourceText, container: Container): (index: number) => string {
  const { length } = container.members;
  if (length > keptAtMost) return (index) => memberKey(source, container, index);
  const keys = Array.from({ length }, (_, index) => memberKey(source, container, index));
  return (index) => keys[index] as string;
}

/** The text of a value alone. */
const partOf = ({ bytes, text }: SourceText, from: number, to: number): SourceText => ({
  bytes: bytes.subarray(from, to),
  text: (start, end) => text(from + start, from + end),
});

/** A file with many entries, and the members of them that a configuration names. */
export type MembersShape = MembersFormat & Pick<FormatBasics, "fields">;

/** What a member claims; its key is read once more where it is not given. */
export type ClaimReader = (index: number, key?: string) => Claim;

/**
 * What each member claims. In a large registry it is read from the file's bytes, which stay as they were, whenever
 * they are asked for. To keep the first ones only is worse than to keep all or none: V8 sees them survive, and then takes
 * the room for every later one among the old objects, where it is not soon given back (by 60 MB at 100,000 entries).
 */
export function claimReader(source: SourceText, container: Container, keyAt: (index: number) => string, format: MembersShape): ClaimReader {
  const { members } = container;
  const repeatedField = repeatedFieldReader(format.fields);
  const read: ClaimReader = (index, key = keyAt(index)) => {
    const size = members.end(index) - members.valueStart(index);
    if (size > largestValue) return { ok: false, problem: `has ${size} bytes; a registration has at most ${largestValue}` };
    const member = readMember(source, container, index);
    if (!member.ok) return member;
    const problem = repeatedField(partOf(source, members.valueStart(index), members.end(index)));
    return problem === undefined ? format.claim(key, member.value) : { ok: false, problem };
  };
  if (members.length > keptAtMost) return read;
  const claims: (Claim | undefined)[] = [];
  return (index, key) => (claims[index] ??= read(index, key));
}

/** The members of a container as entries. */
export function memberEntries(source: SourceText, container: Container, nameAt: (index: number) => string, claimAt: ClaimReader): Entries {
  const { members } = container;
  const { length } = members;
  const textAt = (index: number): string => source.text(members.start(index), members.end(index));
  const elements =
    container.kind !== "object"
      ? elementNames(Array.from({ length }, (_, index) => statedName(claimAt(index), () => textAt(index))))
      : undefined;
  const duplicates = elements === undefined ? repeatedNames(source, container) : new Set<string>();
  const keyAt = (index: number): string => {
    if (!(index >= 0 && index < length)) throw new RangeError(`there is no entry ${index}`);
    return elements === undefined ? nameAt(index) : elements.at(index);
  };
  const at = (index: number): Entry => {
    const key = keyAt(index);
    const claim = elements === undefined ? claimAt(index, key) : claimAt(index);
    return { key, claim, duplicate: duplicates.size > 0 && duplicates.has(key), place: { kind: "member", index } };
  };
  function* all(): Generator<Entry, undefined> {
    for (let index = 0; index < length; index += 1) yield at(index);
  }
  return { length, at, keyAt, elements, [Symbol.iterator]: all };
}
