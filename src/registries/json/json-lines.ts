/**
 * JSON lines: one value a line. A line is taken with its end, so that it can be cut and put back as it stands; lines of white
 * space alone are none, and are never touched.
 */
import type { MembersFormat } from "../format.ts";
import { BadText, closeBrace, closeBracket, quote, skipMark } from "./json-grammar.ts";
import { memberValue, mostMembers, scan, type Container, type Scan } from "./json-bytes.ts";
import { memberList, type SourceText } from "./json-members.ts";
import { nestedTooDeep } from "./nesting.ts";

export const lineFeed = 0x0a;

const isBlank = (byte: number): boolean => byte === lineFeed || byte === 0x0d || byte === 0x20 || byte === 0x09;

function findLines(bytes: Uint8Array): Container {
  const first = skipMark(bytes);
  const members = memberList();
  for (let start = first; start < bytes.length;) {
    const found = bytes.indexOf(lineFeed, start);
    const end = found < 0 ? bytes.length : found + 1;
    let at = start;
    while (at < end && isBlank(bytes[at] as number)) at += 1;
    if (at < end) {
      if (members.length === mostMembers) throw new BadText(`there are more than ${mostMembers} lines`, start);
      members.add(start, start, end);
    }
    start = end;
  }
  return { kind: "lines", inside: { start: first, end: bytes.length }, members };
}

/** Where the entries of a registry are in its text. */
export function findMembers(source: SourceText, { container, entries }: Pick<MembersFormat, "container" | "entries">): Scan {
  if (container !== "lines") return scan(source, entries);
  try {
    return { ok: true, container: findLines(source.bytes) };
  } catch (error) {
    if (error instanceof BadText) return { ok: false, problem: error.message, offset: error.offset };
    throw error;
  }
}

type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** No longer text begins with an object, an array or a string that has ended; a number or a word may go on. */
function isClosed(bytes: Uint8Array, end: number): boolean {
  let at = end - 1;
  while (isBlank(bytes[at] as number)) at -= 1;
  const last = bytes[at];
  return last === closeBrace || last === closeBracket || last === quote;
}

/** The value of an entry; one that is a line of its own may be none, or may be written at this moment. */
export function readMember(source: SourceText, container: Container, index: number): Read {
  if (container.kind !== "lines") return { ok: true, value: memberValue(source, container, index) };
  const { bytes } = source;
  const [start, end] = [container.members.start(index), container.members.end(index)];
  const isOpen = bytes[end - 1] !== lineFeed;
  const written = { ok: false, problem: "is being written, or was left half written: its line has no end" } as const;
  if (isOpen && !isClosed(bytes, end)) return written;
  const text = source.text(start, end);
  if (nestedTooDeep(text)) return { ok: false, problem: "is nested too deeply" };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return isOpen ? written : { ok: false, problem: "is no JSON" };
  }
}
