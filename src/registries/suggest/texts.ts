import { largestPid } from "../field-readers.ts";
import { longestText } from "../text-pattern.ts";
import type { Finding, Surroundings } from "./specimen.ts";

/** The forms that a claim in plain text can have, what speaks for the places in it, and what a person should know of it. */
export type TextGuess = { readonly text: readonly string[]; readonly findings: readonly Finding[]; readonly notes: readonly string[] };

/** A place in a text: from its label on, and what stands there. */
type Spot = { readonly place: "pid" | "host"; readonly from: number; readonly at: number; readonly said: string };

type Read = { readonly pattern: string; readonly pid: number; readonly host: string | undefined; readonly perhapsHost: string | undefined };

/** How a word before a pid is written, and one before a host: `pid: 4711`, `PID=4711`, `(pid 4711`, `host: venus`. */
const labelledPid = /(?:^|[\s([{,;])(\(?pid\s?[:= ]\s?)(\d{1,7})(?!\d)/i;
const labelledHost = /(?:^|[\s([{,;])(\(?(?:host(?:name)?|machine|node)\s?[:=]\s?)([\p{L}\p{N}][\p{L}\p{N}._-]*)/iu;

/** A text as patterns read it: without a byte order mark, and with one spelling of line ends. */
const plain = (text: string): string =>
  text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(/\n*$/, "");

function labelled(place: Spot["place"], form: RegExp, text: string): Spot | undefined {
  const found = form.exec(text);
  if (found === null || /[*<>]/.test(found[1] as string)) return undefined;
  const [whole, label, said] = found as unknown as readonly [string, string, string];
  const at = found.index + whole.length - said.length;
  return { place, from: at - label.length, at, said };
}

const shortName = (name: string): string => name.toLowerCase().split(".")[0] as string;

/** A word alone can be a program's name as well; one with a dot in it, or this machine's name, is a host. */
const isHost = (word: string, hostname: string): boolean =>
  shortName(word) === shortName(hostname) || /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}+$/u.test(word);

/** The pid with which a text begins, and a host beside it. */
function leading(
  text: string,
  hostname: string,
): { readonly spots: readonly Spot[]; readonly perhapsHost: string | undefined } | undefined {
  const before = /^([\p{L}\p{N}][\p{L}\p{N}._-]*?)[-:@ ](\d{1,7})(?![\p{L}\p{N}])/u.exec(text);
  if (before !== null && isHost(before[1] as string, hostname)) {
    const [whole, host, pid] = before as unknown as readonly [string, string, string];
    const spots: readonly Spot[] = [
      { place: "host", from: 0, at: 0, said: host },
      { place: "pid", from: whole.length - pid.length, at: whole.length - pid.length, said: pid },
    ];
    return { spots, perhapsHost: undefined };
  }
  const first = /^(\s*)(\d{1,7})(?:$|[\n @])/.exec(text);
  if (first === null) return undefined;
  const [blanks, said] = [first[1] as string, first[2] as string];
  const pid: Spot = { place: "pid", from: blanks.length, at: blanks.length, said };
  const word = /^[\n @]([\p{L}\p{N}][\p{L}\p{N}._-]*)(?=$|[\s])/u.exec(text.slice(blanks.length + said.length))?.[1];
  if (word === undefined || !/\p{L}/u.test(word)) return { spots: [pid], perhapsHost: undefined };
  const at = blanks.length + said.length + 1;
  return isHost(word, hostname)
    ? { spots: [pid, { place: "host", from: at, at, said: word }], perhapsHost: undefined }
    : { spots: [pid], perhapsHost: word };
}

/** The pattern of a text: places and their labels as they are, and what is short between them; anything else is `*`. */
function patternOf(text: string, spots: readonly Spot[]): string {
  let pattern = "";
  let until = 0;
  for (const { place, from, at, said } of spots.toSorted((a, b) => a.at - b.at)) {
    const gap = text.slice(until, from);
    const isShort = /^[\n :@-]?$/.test(gap) && !(gap === " " && until === 0);
    // A name ends where a character stands that is in none, and what begins a line is told from the same word in another one.
    const line = gap.endsWith("\n") ? "\n" : "";
    pattern += isShort ? gap : `${pattern.endsWith("<host>") ? (gap[0] as string) : ""}*${line}`;
    pattern += `${text.slice(from, at)}<${place}>`;
    until = at + said.length;
  }
  const rest = text.slice(until);
  if (rest === "") return pattern;
  const isBare = pattern.endsWith("<host>") || (spots.length === 1 && spots[0]?.from === spots[0]?.at);
  return `${pattern}${isBare ? (rest[0] as string) : ""}*`;
}

function readingOf(given: string, hostname: string): Read | undefined {
  const text = plain(given);
  const pid = labelled("pid", labelledPid, text);
  const host = labelled("host", labelledHost, text);
  const start = leading(text, hostname) ?? (pid && { spots: [pid], perhapsHost: undefined });
  if (start === undefined) return undefined;
  const spots = start.spots.some(({ place }) => place === "host") || host === undefined ? start.spots : [...start.spots, host];
  const said = (place: Spot["place"]): string | undefined => spots.find((one) => one.place === place)?.said;
  return {
    pattern: patternOf(text, spots),
    pid: Number(said("pid")),
    host: said("host"),
    perhapsHost: host ? undefined : start.perhapsHost,
  };
}

/** The pid that a plain text says, where it says one at its start or behind a word for it. */
export function pidInText(text: string, hostname = ""): number | undefined {
  if (text.length > longestText) return undefined;
  const pid = readingOf(text, hostname)?.pid;
  return pid === undefined || pid < 1 || pid > largestPid ? undefined : pid;
}

function hostFinding(reads: readonly Read[], member: string, { hostname }: Surroundings): readonly Finding[] {
  const hosts = reads.flatMap(({ host }) => host ?? []);
  if (hosts.length === 0) return [];
  const isOurs = hosts.some((host) => shortName(host) === shortName(hostname));
  const why = isOurs ? "it is this machine's name" : "it looks like a machine's name";
  return [{ field: "host", member, why, sure: isOurs }];
}

/** What plain texts claim, where one of them says a pid. */
export function textGuess(texts: readonly string[], around: Surroundings): TextGuess | undefined {
  const reads = texts.flatMap((text) => (pidInText(text, around.hostname) === undefined ? [] : (readingOf(text, around.hostname) ?? [])));
  // One with a host says more, and has to be tried first.
  const patterns = [...new Set(reads.map(({ pattern }) => pattern))].toSorted(
    (a, b) => Number(b.includes("<host>")) - Number(a.includes("<host>")),
  );
  const [member] = patterns;
  if (member === undefined) return undefined;
  const runs = reads.filter(({ pid }) => around.running(pid) !== undefined).length;
  const why = runs === 0 ? "a number stands there, and no such process runs now" : "it is a process that runs now";
  const word = reads.find(({ perhapsHost }) => perhapsHost !== undefined)?.perhapsHost;
  return {
    text: patterns.slice(0, 4),
    findings: [{ field: "pid", member, why, sure: runs > 0 }, ...hostFinding(reads, member, around)],
    notes: word === undefined ? [] : [`"${word}" behind the pid: if that is a machine's name, write <host> in place of *`],
  };
}
