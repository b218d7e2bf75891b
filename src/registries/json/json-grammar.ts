/**
 * The grammar of JSON (RFC 8259) over bytes: what `JSON.parse` takes passes here, and nothing else, with two bounds of
 * our own. No value is made, so that a file of a million entries needs no tree, and nothing recurses.
 */

/** Thrown among the readers of JSON text only: it is no JSON, or not of the shape that was asked for. */
export class BadText extends Error {
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/** Deeper nesting is refused: no registry needs it, and a bomb should not cost a second. */
export const depthLimit = 512;

export const quote = 0x22;
export const comma = 0x2c;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;

const backslash = 0x5c;
const colon = 0x3a;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;

export function skipSpace(bytes: Uint8Array, from: number): number {
  let i = from;
  for (;;) {
    const byte = bytes[i] as number;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return i;
    i += 1;
  }
}

const endsInString = "the text ends inside a string";

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= zero && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Behind an escape that begins at `from`. */
function skipEscape(bytes: Uint8Array, from: number): number {
  const byte = bytes[from + 1];
  if (byte === undefined) throw new BadText(endsInString, bytes.length);
  if (byte !== 0x75) {
    if (!'"\\/bfnrt'.includes(String.fromCharCode(byte))) throw new BadText("a string has an escape that JSON does not know", from);
    return from + 2;
  }
  for (let i = from + 2; i < from + 6; i += 1) {
    if (i >= bytes.length) throw new BadText(endsInString, bytes.length);
    if (!isHex(bytes[i])) throw new BadText("a string has an escape that JSON does not know", from);
  }
  return from + 6;
}

/** 1 for every byte that stands for itself inside a string. */
const ordinary = Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x20 || byte === quote || byte === backslash ? 0 : 1));

/** From an opening quote to behind the closing one. */
export function skipString(bytes: Uint8Array, from: number): number {
  let i = from + 1;
  for (;;) {
    while (ordinary[bytes[i] as number] === 1) i += 1;
    const byte = bytes[i];
    if (byte === quote) return i + 1;
    if (byte === undefined) throw new BadText(endsInString, bytes.length);
    if (byte !== backslash) throw new BadText("a string has a control character that is not escaped", i);
    i = skipEscape(bytes, i);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= 0x39;
}

/** Behind one digit or more. */
function skipDigits(bytes: Uint8Array, from: number): number {
  if (!isDigit(bytes[from])) throw new BadText(from < bytes.length ? "a number is no JSON" : "the text ends inside a value", from);
  let i = from + 1;
  while (isDigit(bytes[i])) i += 1;
  return i;
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let i = bytes[from] === minus ? from + 1 : from;
  i = bytes[i] === zero ? i + 1 : skipDigits(bytes, i);
  if (bytes[i] === point) i = skipDigits(bytes, i + 1);
  if (((bytes[i] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[i + 1];
    i = skipDigits(bytes, sign === plus || sign === minus ? i + 2 : i + 1);
  }
  return i;
}

const words = ["true", "false", "null"].map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0)));

/** Whether a word stands at `from`. A plain loop: many entries hold one. */
function isWord(bytes: Uint8Array, from: number, letters: Uint8Array): boolean {
  for (let at = 0; at < letters.length; at += 1) if (bytes[from + at] !== letters[at]) return false;
  return true;
}

/** A number or a word; what else may begin a value was asked for before. */
function skipScalar(bytes: Uint8Array, from: number): number {
  const byte = bytes[from];
  if (byte === minus || isDigit(byte)) return skipNumber(bytes, from);
  for (const word of words) if (isWord(bytes, from, word)) return from + word.length;
  if (byte === undefined || byte === comma || byte === closeBrace || byte === closeBracket) throw new BadText("a value is missing", from);
  throw new BadText("a value is no JSON", from);
}

/** From a member's name to where its value begins. */
export function skipName(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== quote) throw new BadText("a member's name is missing", from);
  const i = skipSpace(bytes, skipString(bytes, from));
  if (bytes[i] !== colon) throw new BadText("a colon is missing", i);
  return skipSpace(bytes, i + 1);
}

/** The closing brackets of what is open, the innermost last. */
const open = new Uint8Array(depthLimit);

/** From where a value should begin to behind it. */
export function skipValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let i = from;
  for (;;) {
    const byte = bytes[i];
    if (byte === quote) i = skipString(bytes, i);
    else if (byte === openBrace || byte === openBracket) {
      if (depth === depthLimit) throw new BadText(`values are nested deeper than ${depthLimit} levels`, i);
      const close = byte === openBrace ? closeBrace : closeBracket;
      i = skipSpace(bytes, i + 1);
      if (bytes[i] === close) i += 1;
      else {
        open[depth] = close;
        depth += 1;
        if (close === closeBrace) i = skipName(bytes, i);
        continue;
      }
    } else i = skipScalar(bytes, i);
    for (;;) {
      if (depth === 0) return i;
      i = skipSpace(bytes, i);
      const close = open[depth - 1];
      if (bytes[i] === comma) {
        i = skipSpace(bytes, i + 1);
        if (close === closeBrace) i = skipName(bytes, i);
        break;
      }
      if (bytes[i] !== close) throw new BadText(i < bytes.length ? "a comma is missing" : "the text ends inside a value", i);
      depth -= 1;
      i += 1;
    }
  }
}

/** Every member between an opening bracket at `from` and its closing one; returns the place behind that. */
export function walk(bytes: Uint8Array, from: number, visit: (start: number, valueStart: number) => number): number {
  const isObject = bytes[from] === openBrace;
  const close = isObject ? closeBrace : closeBracket;
  let i = skipSpace(bytes, from + 1);
  if (bytes[i] === close) return i + 1;
  for (;;) {
    i = skipSpace(bytes, visit(i, isObject ? skipName(bytes, i) : i));
    if (bytes[i] === close) return i + 1;
    if (bytes[i] !== comma) throw new BadText(i < bytes.length ? "a comma is missing" : "the text ends too early", i);
    i = skipSpace(bytes, i + 1);
  }
}

/** The first place behind a byte order mark; UTF-16 is named, for it looks like rubbish otherwise. */
export function skipMark(bytes: Uint8Array): number {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 3;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
  if (isUtf16 && bytes.length > 1) throw new BadText("the text is UTF-16 or binary, not UTF-8", 0);
  return 0;
}
