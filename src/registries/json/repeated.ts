import { memberKey, type Container } from "./json-bytes.ts";
import { quote } from "./json-grammar.ts";
import type { SourceText } from "./json-members.ts";

const backslash = 0x5c;
const firstBeyondAscii = 0x80;

function repeatedText(names: readonly string[]): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  for (const name of names) {
    if (once.has(name)) again.add(name);
    else once.add(name);
  }
  return again;
}

function allNames(source: SourceText, container: Container): readonly string[] {
  return Array.from({ length: container.members.length }, (_, index) => memberKey(source, container, index));
}

/** FNV-1a over the bytes of the name that begins at a place; undefined where equal names may have other bytes. */
function hashAt(bytes: Uint8Array, from: number): number | undefined {
  let hash = 0x811c9dc5;
  for (let i = from; ; i += 1) {
    const byte = bytes[i] as number;
    if (byte === quote) return hash ^ (hash >>> 15);
    if (byte === backslash || byte >= firstBeyondAscii) return undefined;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
}

function sameName(bytes: Uint8Array, one: number, other: number): boolean {
  let at = 0;
  while (bytes[one + at] === bytes[other + at] && bytes[one + at] !== quote) at += 1;
  return bytes[one + at] === bytes[other + at];
}

/** Names that collide in the table more often than this, each, were made to. */
const mostSteps = 8;

/**
 * The names that occur more than once in an object. They are told apart by their bytes in a table of numbers that is
 * half empty: a string each, and a set of all of them, would be most of what a sweep keeps of a large registry. Names
 * that can be written in more than one way, and such as were made to collide, are compared as text.
 */
export function repeatedNames(source: SourceText, container: Container): ReadonlySet<string> {
  const { bytes } = source;
  const { members } = container;
  const again = new Set<string>();
  const mask = 2 ** Math.ceil(Math.log2(2 * members.length + 2)) - 1;
  /** The hash of a name, and behind it its index and one: 0 where nobody is yet. */
  const table = new Int32Array(2 * (mask + 1));
  let steps = 0;
  for (let index = 0; index < members.length; index += 1) {
    const name = members.start(index) + 1;
    const hash = hashAt(bytes, name);
    if (hash === undefined || steps > mostSteps * members.length) return repeatedText(allNames(source, container));
    let place = 2 * (hash & mask);
    let other = table[place + 1] as number;
    while (other !== 0 && !(table[place] === hash && sameName(bytes, members.start(other - 1) + 1, name))) {
      steps += 1;
      place = (place + 2) & (2 * mask);
      other = table[place + 1] as number;
    }
    if (other === 0) {
      table[place] = hash;
      table[place + 1] = index + 1;
    } else again.add(memberKey(source, container, index));
  }
  return again;
}
