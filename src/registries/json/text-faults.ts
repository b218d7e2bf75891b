import {
  BadText,
  closeBrace,
  closeBracket,
  comma,
  openBrace,
  openBracket,
  skipSpace,
  skipString,
  skipValue,
  walk,
} from "./json-grammar.ts";
import { scan } from "./json-bytes.ts";
import type { SourceText } from "./json-members.ts";

/** Line and column of a byte, counted from 1, so that a person finds the place. */
export function placeOf(bytes: Uint8Array, offset: number): string {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (let at = before.indexOf(0x0a); at >= 0; at = before.indexOf(0x0a, at + 1)) line += 1;
  return `line ${line}, column ${offset - lineStart + 1}`;
}

const [slash, asterisk, hash, apostrophe] = [0x2f, 0x2a, 0x23, 0x27];

const isLetter = (byte: number | undefined): boolean => byte !== undefined && /[\w$]/.test(String.fromCharCode(byte));

function isBehindComma(bytes: Uint8Array, offset: number): boolean {
  let at = offset - 1;
  while ((bytes[at] ?? 0x21) <= 0x20) at -= 1;
  return bytes[at] === comma;
}

/** What people write who take JSON for its looser kin; undefined where the grammar's own word says as much. */
function looserKin(bytes: Uint8Array, offset: number, problem: string): string | undefined {
  const [here, next] = [bytes[offset], bytes[offset + 1]];
  if ((here === slash && (next === slash || next === asterisk)) || here === hash)
    return "a comment stands here; JSON has none, take it out";
  if (here === apostrophe) return "an apostrophe stands here; names and texts of JSON stand in double quotes";
  if ((here === closeBrace || here === closeBracket) && isBehindComma(bytes, offset))
    return "a comma stands before a closing bracket; take it out";
  return problem === "a member's name is missing" && isLetter(here) ? "a name stands without double quotes" : undefined;
}

/** Why a text is no JSON, with line and column; undefined where it is. */
export function syntaxProblem(source: SourceText): string | undefined {
  const result = scan(source, "");
  if (result.ok) return undefined;
  const { bytes } = source;
  return `${looserKin(bytes, result.offset, result.problem) ?? result.problem} (${placeOf(bytes, result.offset)})`;
}

/** A name that stands twice in one object: the way to it, and both places. */
export type Repeated = { readonly path: readonly (string | number)[]; readonly places: readonly [string, string] };

/** No configuration is nested deeper; what is has an unknown key on the way. */
const deepest = 32;

/** The first name that stands twice in one object of a JSON text and matters. Of two members a reader takes one and says nothing. */
export function repeatedName({ bytes, text }: SourceText, matters: (path: Repeated["path"]) => boolean = () => true): Repeated | undefined {
  let found: Repeated | undefined;

  function descend(at: number, path: readonly (string | number)[]): number {
    const isObject = bytes[at] === openBrace;
    if ((!isObject && bytes[at] !== openBracket) || path.length === deepest) return skipValue(bytes, at);
    const seen = new Map<string, number>();
    let index = -1;
    return walk(bytes, at, (start, valueStart) => {
      index += 1;
      const name = isObject ? (JSON.parse(text(start, skipString(bytes, start))) as string) : index;
      const before = typeof name === "string" ? seen.get(name) : undefined;
      if (before !== undefined && matters([...path, name]))
        found ??= { path: [...path, name], places: [placeOf(bytes, before), placeOf(bytes, start)] };
      if (typeof name === "string") seen.set(name, start);
      return descend(valueStart, [...path, name]);
    });
  }

  try {
    descend(skipSpace(bytes, bytes[0] === 0xef ? 3 : 0), []);
  } catch (error) {
    if (!(error instanceof BadText)) throw error;
  }
  return found;
}
