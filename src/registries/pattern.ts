import type { EntryName } from "./format.ts";

/**
 * Patterns of file names: literals, `*` for any run of characters but a slash, `**` for any number of directories,
 * and `<pid>`, `<port>`, `<sessionId>` for what the name says. No regular expressions: a pattern comes from a
 * configuration, and none may take exponential time.
 */
export type Captures = { readonly pid?: string; readonly port?: string; readonly sessionId?: string };

type PatternPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "number"; readonly name: "pid" | "port" }
  | { readonly kind: "id" };

/** A pattern of one path segment. */
export type Segment = readonly PatternPart[];

/** Every step of a pattern, the last one for files and the others for directories; `deep` stands for `**`. */
export type Steps = readonly (Segment | "deep")[];

function parseSegment(text: string): Segment {
  return text.split(/(\*|<pid>|<port>|<sessionId>)/).flatMap((part): readonly PatternPart[] => {
    if (part === "") return [];
    if (part === "*") return [{ kind: "any" }];
    if (part === "<pid>" || part === "<port>") return [{ kind: "number", name: part === "<pid>" ? "pid" : "port" }];
    return part === "<sessionId>" ? [{ kind: "id" }] : [{ kind: "text", text: part }];
  });
}

export function parsePattern(pattern: string): Steps {
  return pattern.split("/").map((part) => (part === "**" ? "deep" : parseSegment(part)));
}

const isDigit = (character: string | undefined): boolean => character !== undefined && character >= "0" && character <= "9";

/** Where a piece that starts at `from` may end, the longest first. */
function endsOf(part: PatternPart, name: string, from: number): readonly number[] {
  if (part.kind === "text") return name.startsWith(part.text, from) ? [from + part.text.length] : [];
  let to = from;
  if (part.kind === "number") {
    // A number is taken whole: half of a longer one is another process.
    if (isDigit(name[from - 1])) return [];
    while (isDigit(name[to])) to += 1;
    return to > from && to - from <= 10 ? [to] : [];
  }
  const least = part.kind === "id" ? from + 1 : from;
  return Array.from({ length: Math.max(0, name.length - least + 1) }, (_, index) => name.length - index);
}

/** A segment without `*` and ids: each of its pieces ends in one place at most, so there is nothing to try twice. */
function matchPlain(segment: Segment, name: string): Captures | undefined {
  let at = 0;
  const captures: { pid?: string; port?: string } = {};
  for (const part of segment) {
    const end = endsOf(part, name, at)[0];
    if (end === undefined) return undefined;
    if (part.kind === "number") captures[part.name] = name.slice(at, end);
    at = end;
  }
  return at === name.length ? captures : undefined;
}

/**
 * What a name says under a segment, or undefined when it does not fit. Places that were found hopeless are remembered,
 * so that the work is bounded by the product of both lengths.
 */
export function matchSegment(segment: Segment, name: string): Captures | undefined {
  if (segment.every(({ kind }) => kind === "text" || kind === "number")) return matchPlain(segment, name);
  const hopeless = new Set<number>();

  function from(index: number, at: number): Captures | undefined {
    const part = segment[index];
    if (part === undefined) return at === name.length ? {} : undefined;
    const place = index * (name.length + 1) + at;
    if (hopeless.has(place)) return undefined;
    for (const end of endsOf(part, name, at)) {
      const rest = from(index + 1, end);
      if (rest === undefined) continue;
      const said = name.slice(at, end);
      if (part.kind === "number") return { ...rest, [part.name]: said };
      return part.kind === "id" ? { ...rest, sessionId: said } : rest;
    }
    hopeless.add(place);
    return undefined;
  }

  return from(0, 0);
}

/** A pid or a port in a file's name; leading zeros would be another file's number. */
function numberFrom(text: string | undefined): number | undefined {
  return text === undefined || (text.length > 1 && text.startsWith("0")) ? undefined : Number(text);
}

export function entryName(key: string, captures: Captures): EntryName {
  return { key, pid: numberFrom(captures.pid), port: numberFrom(captures.port), sessionId: captures.sessionId };
}
