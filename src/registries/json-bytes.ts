/**
 * Spans of members in JSON text, and cutting them without touching another byte. Works on bytes, never on a parsed
 * tree: what is not cut keeps its key order, numbers, escapes and white space because nobody rewrites it.
 */

/** The bytes of a file, and its spans as text. */
export type SourceText = {
  readonly bytes: Uint8Array;
  /** The bytes from `start` up to `end`, decoded as UTF-8. */
  readonly text: (start: number, end: number) => string;
};

/** Half open: the byte at `end` is the first that does not belong to it. */
export type Span = { readonly start: number; readonly end: number };

/** One member of an object or element of an array: from its key (or value) to the end of its value. */
export type Member = Span & { readonly key: string; readonly valueStart: number };

export type Container = {
  readonly kind: "object" | "array";
  /** The bytes between the brackets. */
  readonly inside: Span;
  readonly members: readonly Member[];
};

/** Thrown inside this file only: the text is no JSON, or not of the shape that was asked for. */
class BadText extends Error {
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

export type Scan =
  | { readonly ok: true; readonly container: Container }
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/** Deeper nesting is refused: no registry needs it, and a bomb should not cost a second. */
export const depthLimit = 512;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

function skipSpace(bytes: Uint8Array, from: number): number {
  let i = from;
  for (;;) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i += 1;
  }
}

/** From an opening quote to behind the closing one. */
function skipString(bytes: Uint8Array, from: number): number {
  for (let i = from + 1; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === quote) return i + 1;
    if (byte === backslash) i += 1;
  }
  throw new BadText("the text ends inside a string", bytes.length);
}

/** A member's name that needs no parser: without escapes, and without the control characters that JSON forbids. */
function plainName(source: SourceText, start: number, end: number): string | undefined {
  for (let i = start + 1; i < end - 1; i += 1) {
    const byte = source.bytes[i] as number;
    if (byte === backslash || byte < 0x20) return undefined;
  }
  return source.text(start + 1, end - 1);
}

/** Behind a value, found by brackets and quotes alone; whether it is well formed is for `JSON.parse` to say. */
function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let i = from;
  while (i < bytes.length) {
    const byte = bytes[i];
    if (byte === quote) {
      i = skipString(bytes, i);
      if (depth === 0) return i;
      continue;
    }
    if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > depthLimit) throw new BadText(`values are nested deeper than ${depthLimit} levels`, i);
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return i;
      depth -= 1;
      if (depth === 0) return i + 1;
    } else if (depth === 0 && (byte === comma || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
      return i;
    }
    i += 1;
  }
  if (depth > 0) throw new BadText("the text ends inside a value", i);
  return i;
}

function parsed(source: SourceText, start: number, end: number): unknown {
  if (start === end) throw new BadText("a value is missing", start);
  try {
    return JSON.parse(source.text(start, end));
  } catch {
    throw new BadText("a value is no JSON", start);
  }
}

type Visit = (member: Member, value: () => unknown) => void;

/** Every member between an opening bracket at `from` and its closing one; returns the place behind that. */
function walk(source: SourceText, from: number, visit: Visit): number {
  const { bytes } = source;
  const isObject = bytes[from] === openBrace;
  const close = isObject ? closeBrace : closeBracket;
  let i = skipSpace(bytes, from + 1);
  if (bytes[i] === close) return i + 1;
  for (let index = 0; ; index += 1) {
    const start = i;
    let key = String(index);
    if (isObject) {
      if (bytes[i] !== quote) throw new BadText("a member's name is missing", i);
      const keyEnd = skipString(bytes, i);
      key = plainName(source, i, keyEnd) ?? (parsed(source, i, keyEnd) as string);
      i = skipSpace(bytes, keyEnd);
      if (bytes[i] !== colon) throw new BadText("a colon is missing", i);
      i = skipSpace(bytes, i + 1);
    }
    const valueStart = i;
    const end = skipValue(bytes, i);
    visit({ key, start, valueStart, end }, () => parsed(source, valueStart, end));
    i = skipSpace(bytes, end);
    if (bytes[i] === close) return i + 1;
    if (bytes[i] !== comma) throw new BadText(i < bytes.length ? "a comma is missing" : "the text ends too early", i);
    i = skipSpace(bytes, i + 1);
  }
}

/** The first place behind a byte order mark; UTF-16 is named, for it looks like rubbish otherwise. */
function skipMark(bytes: Uint8Array): number {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 3;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
  if (isUtf16 && bytes.length > 1) throw new BadText("the text is UTF-16 or binary, not UTF-8", 0);
  return 0;
}

/** The steps of a JSON pointer (RFC 6901). */
export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function findContainer(source: SourceText, pointer: string, onMember: (member: Member, value: unknown) => void): Container {
  const { bytes } = source;
  const path = pointerParts(pointer);
  let found: Container | undefined;

  function descend(at: number, depth: number): number {
    const isArray = bytes[at] === openBracket;
    if (bytes[at] !== openBrace && !isArray) {
      throw new BadText(`${depth === 0 ? "the file" : `"/${path.slice(0, depth).join("/")}"`} holds neither an object nor an array`, at);
    }
    const members: Member[] = [];
    let entered = false;
    const end = walk(source, at, (member, value) => {
      if (depth === path.length) {
        members.push(member);
        onMember(member, value());
      } else if (member.key === path[depth]) {
        if (entered) throw new BadText(`"${member.key}" occurs twice`, member.start);
        entered = true;
        if (descend(member.valueStart, depth + 1) !== member.end) throw new BadText("a value is no JSON", member.valueStart);
      } else {
        value();
      }
    });
    if (depth === path.length) found = { kind: isArray ? "array" : "object", inside: { start: at + 1, end: end - 1 }, members };
    return end;
  }

  const start = skipSpace(bytes, skipMark(bytes));
  if (start === bytes.length) throw new BadText("the file is empty", 0);
  const end = skipSpace(bytes, descend(start, 0));
  if (end !== bytes.length) throw new BadText("something follows the JSON text", end);
  if (found === undefined) throw new BadText(`there is no "${pointer}" in it`, 0);
  return found;
}

/**
 * Reads the whole text and finds the container that a JSON pointer names. Each of its members is passed to `onMember`
 * with its value, one at a time, so that a large file needs no tree.
 */
export function scan(source: SourceText, pointer: string, onMember: (member: Member, value: unknown) => void): Scan {
  try {
    return { ok: true, container: findContainer(source, pointer, onMember) };
  } catch (error) {
    if (error instanceof BadText) return { ok: false, problem: error.message, offset: error.offset };
    throw error;
  }
}

/**
 * What leaves the text with one member. `form` tells where its separator stands, so that the very bytes can be put
 * back: behind a member that stays (`after`), before one (`before`), or alone in its container (`only`).
 */
export type Cut = Span & { readonly form: "after" | "before" | "only" };

/** The bytes that go with each of the chosen members; indexes must ascend. The cuts do not overlap. */
export function cutsFor({ inside, members }: Container, chosen: readonly number[]): readonly Cut[] {
  const gone = new Set(chosen);
  const firstKept = members.findIndex((_, index) => !gone.has(index));
  return chosen.map((index, at) => {
    const member = members[index];
    if (member === undefined) throw new RangeError(`there is no member ${index}`);
    // Cuts in any other order would keep some bytes twice.
    if (index <= (chosen[at - 1] ?? -1)) throw new RangeError(`member ${index} is chosen out of order`);
    const previousEnd = members[index - 1]?.end;
    const nextStart = members[index + 1]?.start;
    if (firstKept >= 0 && index < firstKept && nextStart !== undefined) return { start: member.start, end: nextStart, form: "before" };
    if (previousEnd !== undefined) return { start: previousEnd, end: member.end, form: "after" };
    return { start: inside.start, end: member.end, form: "only" };
  });
}

/** The spans that stay when the cuts are gone. */
export function keptSpans(length: number, cuts: readonly Span[]): readonly Span[] {
  const kept: Span[] = [];
  let from = 0;
  for (const cut of cuts) {
    if (cut.start > from) kept.push({ start: from, end: cut.start });
    from = cut.end;
  }
  if (from < length) kept.push({ start: from, end: length });
  return kept;
}
