/**
 * A second reader of JSON, written apart from the one that cuts: it may assume that `JSON.parse` has taken the text, so
 * it only has to say where everything stands.
 */
export type Node = {
  readonly kind: "object" | "array" | "scalar";
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
};
export type Part = { readonly key: string; readonly start: number; readonly value: Node };

/** Deeper texts are not read again: what is to be said of them is only that they are refused. */
const deepest = 1200;

export class TooDeep extends Error {}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function afterString(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at + 1;
}

function scalarAt(bytes: Buffer, start: number): Node {
  let end = start;
  if (bytes[start] === quote) end = afterString(bytes, start);
  else while (end < bytes.length && !isSpace(bytes[end]) && !",]}".includes(String.fromCharCode(bytes[end] ?? 0))) end += 1;
  return { kind: "scalar", start, end, parts: [] };
}

function nodeAt(bytes: Buffer, start: number, depth: number): Node {
  if (depth > deepest) throw new TooDeep();
  const open = String.fromCharCode(bytes[start] ?? 0);
  if (open !== "{" && open !== "[") return scalarAt(bytes, start);
  const kind = open === "{" ? "object" : "array";
  const close = open === "{" ? 0x7d : 0x5d;
  const parts: Part[] = [];
  let at = afterSpace(bytes, start + 1);
  while (bytes[at] !== close) {
    const from = at;
    let key = String(parts.length);
    if (kind === "object") {
      const end = afterString(bytes, at);
      key = JSON.parse(bytes.toString("utf8", at, end)) as string;
      at = afterSpace(bytes, afterSpace(bytes, end) + 1);
    }
    const value = nodeAt(bytes, at, depth + 1);
    parts.push({ key, start: from, value });
    at = afterSpace(bytes, value.end);
    if (bytes[at] === comma) at = afterSpace(bytes, at + 1);
  }
  return { kind, start, end: at + 1, parts };
}

export const hasMark = (bytes: Buffer): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/** What `JSON.parse` makes of a text behind its byte order mark; undefined when it refuses. */
export function parse(bytes: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(bytes.toString("utf8", hasMark(bytes) ? 3 : 0)) };
  } catch {
    return undefined;
  }
}

/** Where everything stands in a text that `JSON.parse` takes; throws `TooDeep`. */
export function treeOf(bytes: Buffer): Node {
  return nodeAt(bytes, afterSpace(bytes, hasMark(bytes) ? 3 : 0), 0);
}

/** How deep brackets are nested in it, the outermost counted. */
export function depthOf(bytes: Buffer): number {
  let [depth, most] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = afterString(bytes, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) most = Math.max(most, (depth += 1));
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return most;
}
