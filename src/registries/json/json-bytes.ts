/**
 * Where the members of a JSON text are. Works on bytes, never on a parsed tree: what is not cut keeps its key order,
 * numbers, escapes and white space because no code rewrites it.
 */
import { BadText, openBrace, openBracket, skipMark, skipSpace, skipString, skipValue, walk, quote } from "./json-grammar.ts";
import { memberList, type Members, type SourceText, type Span } from "./json-members.ts";

export type Container = {
  readonly kind: "object" | "array" | "lines";
  /** The bytes between the brackets. */
  readonly inside: Span;
  readonly members: Members;
};

export type Scan =
  | { readonly ok: true; readonly container: Container }
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** The steps of a JSON pointer (RFC 6901). */
export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A member's name, or the index of an element or a line as text. */
export function memberKey({ bytes, text }: SourceText, { kind, members }: Pick<Container, "kind" | "members">, index: number): string {
  return kind !== "object" ? String(index) : nameAt(bytes, text, members.start(index));
}

const backslash = 0x5c;

function nameAt(bytes: Uint8Array, text: SourceText["text"], start: number): string {
  let i = start + 1;
  while (bytes[i] !== quote && bytes[i] !== backslash) i += 1;
  return bytes[i] === quote ? text(start + 1, i) : (JSON.parse(text(start, skipString(bytes, start))) as string);
}

/** A member's value, parsed. */
export function memberValue({ text }: SourceText, { members }: Pick<Container, "members">, index: number): unknown {
  return JSON.parse(text(members.valueStart(index), members.end(index)));
}

/** A longer name, in bytes, is refused: V8 has no string of half a gigabyte. */
const longestName = 256 * 1024 * 1024;

/** More members are refused: names are told apart in a `Set`, and V8 has none with more entries. */
export const mostMembers = 2 ** 24;

function findContainer({ bytes, text }: SourceText, pointer: string): Container {
  const path = pointerParts(pointer);
  let found: Container | undefined;

  function descend(at: number, depth: number): number {
    const isArray = bytes[at] === openBracket;
    if (bytes[at] !== openBrace && !isArray) {
      throw new BadText(`${depth === 0 ? "the file" : `"/${path.slice(0, depth).join("/")}"`} holds neither an object nor an array`, at);
    }
    if (depth === path.length) {
      const members = memberList();
      const end = walk(bytes, at, (start, valueStart) => {
        if (valueStart - start > longestName) throw new BadText(`a member's name is longer than ${longestName} bytes`, start);
        if (members.length === mostMembers) throw new BadText(`there are more than ${mostMembers} members`, start);
        const behind = skipValue(bytes, valueStart);
        members.add(start, valueStart, behind);
        return behind;
      });
      found = { kind: isArray ? "array" : "object", inside: { start: at + 1, end: end - 1 }, members };
      return end;
    }
    let entered = false;
    let index = -1;
    return walk(bytes, at, (start, valueStart) => {
      index += 1;
      const key = isArray ? String(index) : nameAt(bytes, text, start);
      if (key !== path[depth]) return skipValue(bytes, valueStart);
      if (entered) throw new BadText(`"${key}" occurs twice`, start);
      entered = true;
      return descend(valueStart, depth + 1);
    });
  }

  const start = skipSpace(bytes, skipMark(bytes));
  if (start === bytes.length) throw new BadText("the file is empty", 0);
  const end = skipSpace(bytes, descend(start, 0));
  if (end !== bytes.length) throw new BadText("something follows the JSON text", end);
  if (found === undefined) throw new BadText(`there is no "${pointer}" in it`, 0);
  return found;
}

/** Reads the whole text, and finds the container that a JSON pointer names. */
export function scan(source: SourceText, pointer: string): Scan {
  try {
    return { ok: true, container: findContainer(source, pointer) };
  } catch (error) {
    if (error instanceof BadText) return { ok: false, problem: error.message, offset: error.offset };
    throw error;
  }
}
