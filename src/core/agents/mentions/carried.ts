import { canonicalSession } from "../../registration.ts";
import { headLength, anyRun, noIds, type Sought } from "./sought.ts";

/**
 * How a command line carries an id: as an argument, the value of an option or a part of a path, which can mean that the
 * session runs there; or somewhere in a text.
 */
export type Manner = "argument" | "text";

const isLong = (id: string): boolean => id.length >= 20 || (/^[0-9a-f-]+$/.test(id) && id.replaceAll("-", "").length >= 16);
const run = /[\p{L}\p{N}_-]{8,}/gu;
const wordCharacter = /[\p{L}\p{N}_-]/u;
/** What every spelling of a UUID has in a row. */
const likeUuid = /[0-9A-Fa-f-]{32,}/g;

/** Whether it pays to look for ids in a text. Nearly all arguments and paths hold none. */
function mayHold(text: string, { plain, mixed, heads }: Sought): boolean {
  if (heads === undefined || plain.size === 0) return plain.size + mixed.size > 0;
  return (text.match(likeUuid) ?? []).some((digits) => {
    const isHead = (from: number): boolean => heads.has(digits.slice(from, from + headLength).toLowerCase());
    // An id begins there, behind a hyphen, or behind the letter of an option.
    for (let from = 0; from >= 0; from = digits.indexOf("-", from) + 1 || -1) if (isHead(from) || isHead(from + 1)) return true;
    return false;
  });
}

type Found = { readonly id: string; readonly start: number; readonly end: number };

function plainId(text: string, { plain, lengths }: Sought): string | undefined {
  if (!lengths.has(text.length)) return undefined;
  const lower = text.toLowerCase();
  if (plain.has(lower)) return lower;
  // With its hyphens a UUID is its own spelling.
  if (lower.length !== 32) return undefined;
  const spelled = canonicalSession(lower);
  return plain.has(spelled) ? spelled : undefined;
}

/** Where ids stand in a text that begins at `from` in it, as whole runs. Lower case is as long as what it was made of, or it is not the id. */
function* wholeRuns(text: string, sought: Sought): Generator<Found, undefined> {
  for (const match of text.matchAll(sought.mixed.size > 0 ? anyRun : run)) {
    const [word] = match;
    const start = match.index;
    const id = plainId(word, sought);
    if (id !== undefined) yield { id, start, end: start + word.length };
    // The value of a short option may follow it at once: -rID.
    else if (word.startsWith("-") && /^-[A-Za-z]/.test(word) && (start === 0 || "\0 ".includes(text.charAt(start - 1)))) {
      const value = plainId(word.slice(2), sought);
      if (value !== undefined) yield { id: value, start: start + 2, end: start + word.length };
    }
    for (const { id: mixedId, offset } of sought.mixed.get(word.toLowerCase()) ?? []) {
      const first = start - offset;
      const end = first + mixedId.length;
      if (first < 0 || text.slice(first, end).toLowerCase() !== mixedId) continue;
      if (wordCharacter.test(text.charAt(first - 1)) || wordCharacter.test(text.charAt(end))) continue;
      yield { id: mixedId, start: first, end };
    }
  }
}

/** Names of files, containers and units join words with `-` and `_`: `rollout-<time>-<id>`. Only long ids are looked for in them. */
function* joinedRuns(text: string, sought: Sought): Generator<Found, undefined> {
  for (const match of text.matchAll(run)) {
    const [word] = match;
    if (word.length <= 16 || word.length > 300) continue;
    const starts = [0, ...[...word.matchAll(/[-_]/g)].map(({ index }) => index + 1)];
    const ends = [...starts.slice(1).map((start) => start - 1), word.length];
    for (const [first, start] of starts.entries()) {
      for (const end of ends.slice(first)) {
        if (end - start < 16 || end - start === word.length || !sought.lengths.has(end - start)) continue;
        const id = plainId(word.slice(start, end), sought);
        if (id !== undefined && isLong(id)) yield { id, start: match.index + start, end: match.index + end };
      }
    }
  }
}

/** Every id that the path of an open file carries. */
export function idsInPath(path: string, sought: Sought): readonly string[] {
  if (!path.startsWith("/") || !mayHold(path, sought)) return noIds;
  return [...new Set([...wholeRuns(path, sought), ...joinedRuns(path, sought)].map(({ id }) => id).filter(isLong))];
}

/** Does a text of arguments name a path? One with blanks in it begins at a root, and nothing in it begins another. */
function isPath(text: string): boolean {
  if (!/[\s"'{}<>|;$`]/.test(text)) return true;
  const blank = text.search(/\s/);
  return /^(?:~|\.{1,2})?\//.test(text) && !/["'{}<>|;$`]|\s[~./]*\//.test(text) && text.slice(0, blank).split("/").length > 2;
}

/** The value in an argument, without the option and the quotes around it. */
function valueIn(argument: string): { readonly value: string; readonly from: number } {
  const option = /^(?:--?)?[\w.-]+=/.exec(argument)?.[0].length ?? 0;
  const quoted = /^(["'])(.*)\1$/s.exec(argument.slice(option));
  return quoted === null ? { value: argument.slice(option), from: option } : { value: quoted[2] ?? "", from: option + 1 };
}

/** What may stand around an id that is all of a value. */
const spellingsAround: ReadonlySet<string> = new Set(["", "{}", "urn:uuid:", "{urn:uuid:}"]);

/** How an id stands in an argument; undefined where it is a part of a path and too short to mean anything there. */
function mannerOf(argument: string, { id, start, end }: Found): Manner | undefined {
  const { value, from } = valueIn(argument);
  const around = value.slice(0, Math.max(0, start - from)) + value.slice(Math.max(0, end - from));
  // The value of a short option may follow it at once.
  if (spellingsAround.has(around) || spellingsAround.has(around.replace(/^-[A-Za-z]/, ""))) return "argument";
  const [before, after] = [argument.charAt(start - 1), argument.slice(end, end + 2)];
  const isPart = before === "/" || after.startsWith("/") || /^\.\w/.test(after) || /[-_]/.test(before + after.charAt(0));
  if (!isPart) return "text";
  if (!isLong(id)) return undefined;
  const component = argument.slice(argument.lastIndexOf("/", start) + 1, start) + /^[^/]*/.exec(argument.slice(end))?.[0];
  return isPath(value) && !/\s/.test(component) ? "argument" : "text";
}

const nothingCarried: ReadonlyMap<string, Manner> = new Map();

/** Every id that a command line carries, each of its arguments ended by a zero byte, with the stronger manner of each. */
export function idsInCommandLine(commandLine: string, sought: Sought): ReadonlyMap<string, Manner> {
  if (!mayHold(commandLine, sought)) return nothingCarried;
  const ids = new Map<string, Manner>();
  // A title is one argument whose blanks stand between words.
  const isTitle = !commandLine.trimEnd().replace(/\0+$/, "").includes("\0");
  const separator = isTitle && commandLine.includes(" ") ? " " : "\0";
  const text = separator === " " ? commandLine.replaceAll("\0", " ") : commandLine;
  const note = (found: Found, isJoined: boolean): void => {
    const begin = text.lastIndexOf(separator, found.start - 1) + 1;
    const next = text.indexOf(separator, found.end);
    const argument = text.slice(begin, next < 0 ? text.length : next);
    const isNamePart = isJoined && !argument.includes("/");
    const manner = isNamePart ? "text" : mannerOf(argument, { ...found, start: found.start - begin, end: found.end - begin });
    if (manner !== undefined && ids.get(found.id) !== "argument") ids.set(found.id, manner);
  };
  for (const found of wholeRuns(text, sought)) note(found, false);
  for (const found of joinedRuns(text, sought)) note(found, true);
  return ids;
}
