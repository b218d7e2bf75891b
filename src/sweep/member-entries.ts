import type { Claim, MembersFormat } from "../registries/format.ts";
import { memberKey, memberValue, type Container } from "../registries/json-bytes.ts";
import { plainClaim } from "../registries/plain-claim.ts";
import type { SourceText } from "../registries/json-members.ts";
import type { Entries, Entry } from "./loaded.ts";

/** A larger value, in bytes, is no registration, and is not parsed: V8 has no string of half a gigabyte. */
const largestValue = 64 * 1024 * 1024;

/** Claims of a registry of so many members are kept as they were read. */
const keptClaims = 10_000;

/**
 * What each member claims. In a large registry it is read from the file's bytes, which stay as they were, whenever
 * somebody asks. To keep the first ones only is worse than to keep all or none: V8 sees them survive, and then takes
 * the room for every later one among the old objects, where it is not soon given back (by 60 MB at 100,000 entries).
 */
export function claimReader(source: SourceText, container: Container, format: MembersFormat): (index: number) => Claim {
  const { members } = container;
  const read = (index: number): Claim => {
    const size = members.end(index) - members.valueStart(index);
    if (size > largestValue) return { ok: false, problem: `has ${size} bytes; a registration has at most ${largestValue}` };
    const key = memberKey(source, container, index);
    const plain = format.shape === undefined ? undefined : plainClaim(key, source, container, index, format.shape);
    return plain ?? format.claim(key, memberValue(source, container, index));
  };
  if (container.members.length > keptClaims) return read;
  const claims: (Claim | undefined)[] = [];
  return (index) => (claims[index] ??= read(index));
}

/** Elements of an array have no name of their own, so those that share one are told apart by their order. */
function numbered(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  return names.map((name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}

function repeated(names: readonly string[]): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  if (new Set(names).size === names.length) return again;
  for (const name of names) {
    if (once.has(name)) again.add(name);
    else once.add(name);
  }
  return again;
}

/** The members of a container as entries. */
export function memberEntries(source: SourceText, container: Container, claimAt: (index: number) => Claim): Entries {
  const { length } = container.members;
  const keys: string[] = [];
  for (let index = 0; index < length; index += 1) {
    const claim = container.kind === "array" ? claimAt(index) : undefined;
    keys.push(claim?.ok === true ? claim.registration.key : memberKey(source, container, index));
  }
  const [names, duplicates] = container.kind === "array" ? [numbered(keys), new Set<string>()] : [keys, repeated(keys)];
  const keyAt = (index: number): string => {
    const key = names[index];
    if (key === undefined) throw new RangeError(`there is no entry ${index}`);
    return key;
  };
  const at = (index: number): Entry => {
    const key = keyAt(index);
    return { key, claim: claimAt(index), duplicate: duplicates.size > 0 && duplicates.has(key), place: { kind: "member", index } };
  };
  function* all(): Generator<Entry, undefined> {
    for (let index = 0; index < length; index += 1) yield at(index);
  }
  return { length, at, keyAt, [Symbol.iterator]: all };
}
