/**
 * Patterns of whole texts: literals, `*` for any run of characters, line ends included, and places such as `<pid>` for what
 * the text says. A word beside `*` is a whole word: `*pid=` does not fit the end of `ppid=` or `parent-pid=`, nor `<pid>*` the
 * digits of `31a4`. No regular expressions: a pattern comes from a configuration, and none may take exponential time.
 */

/** What the places of a pattern can stand for. */
export const textPlaces = ["pid", "sessionId", "host", "startTicks"] as const;

export type TextPlace = (typeof textPlaces)[number];

/** What a text says under a pattern, in its own words. */
export type TextCaptures = Readonly<Partial<Record<TextPlace, string>>>;

type TextPart = { readonly kind: "text"; readonly text: string } | { readonly kind: "any" } | { readonly kind: TextPlace };

export type TextPattern = readonly TextPart[];

/** A claim in plain text is a few lines; a longer text, in characters, is none. */
export const longestText = 16_384;

const place = /(\*|<pid>|<sessionId>|<host>|<startTicks>)/;

/** The places that a pattern has, each as often as it has it. */
export function placesOf(pattern: string): readonly TextPlace[] {
  return pattern.split(place).flatMap((part) => textPlaces.find((name) => part === `<${name}>`) ?? []);
}

/** One spelling of line ends, without a byte order mark. */
const plain = (text: string): string => text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");

const closingLineEnds = /\n*$/;

export function parseTextPattern(pattern: string): TextPattern {
  return plain(pattern)
    .replace(closingLineEnds, "")
    .split(place)
    .flatMap((part): readonly TextPart[] => {
      if (part === "") return [];
      if (part === "*") return [{ kind: "any" }];
      const named = textPlaces.find((name) => part === `<${name}>`);
      return [named === undefined ? { kind: "text", text: part } : { kind: named }];
    });
}

const isDigit = (character: string | undefined): boolean => character !== undefined && character >= "0" && character <= "9";

/** A number is taken whole, for half of a longer one is another process. */
function numberEnds(text: string, from: number, longest: number): readonly number[] {
  if (isDigit(text[from - 1])) return [];
  let to = from;
  while (isDigit(text[to])) to += 1;
  return to > from && to - from <= longest ? [to] : [];
}

/** How some writers say that there is no pid. */
const noPid = "-1";

const isPlaceFor = {
  sessionId: (character: string) => !/[\s\p{Cc}]/u.test(character),
  host: (character: string) => /[\p{L}\p{N}._-]/u.test(character),
} as const;

const longestWord = 255;

/** Where what a place stands for may end, when it starts at `from`. */
function endsOf(kind: TextPlace, text: string, from: number): readonly number[] {
  if (kind === "pid" && text.startsWith(noPid, from) && !isDigit(text[from + noPid.length])) return [from + noPid.length];
  if (kind === "pid") return numberEnds(text, from, 10);
  if (kind === "startTicks") return numberEnds(text, from, 20);
  const ends: number[] = [];
  for (let to = from; to < text.length && to - from < longestWord && isPlaceFor[kind](text[to] as string); to += 1) ends.push(to + 1);
  return ends;
}

/** Whether a letter or digit ends before this place, or begins there; either may be two code units. */
const wordBefore = (text: string, at: number): boolean => /[\p{L}\p{M}\p{N}_]$/u.test(text.slice(Math.max(0, at - 2), at));
const wordBehind = (text: string, at: number): boolean => /^[\p{L}\p{M}\p{N}_]/u.test(text.slice(at, at + 2));

/** What joins words to one name: `parent-pid`, `parent.pid`, `parent:pid`, `parent/pid`. */
const joins = (character = ""): boolean => /[-.:/@+~#$%\\]/.test(character);

/** A word begins here that has begun before. */
const isInWord = (text: string, at: number): boolean => wordBehind(text, at) && (wordBefore(text, at) || joins(text[at - 1]));

/** A number stands here that is part of a longer word. */
const isInNumber = (text: string, at: number, to: number, isBehindAny: boolean, isBeforeAny: boolean): boolean =>
  (isBehindAny && wordBefore(text, at)) || (isBeforeAny && wordBehind(text, to));

/** Different readings of the rest of a text: none, one, or two, which is as many as have to be told apart. */
type Readings = readonly TextCaptures[];

const isSame = (one: TextCaptures, other: TextCaptures): boolean => textPlaces.every((name) => one[name] === other[name]);

function joined(some: Readings, more: Readings): Readings {
  if (some.length === 0 || more.length === 2) return more;
  const others = more.filter((reading) => !some.some((one) => isSame(one, reading)));
  return others.length === 0 ? some : [...some, ...others].slice(0, 2);
}

const nothing: Readings = [];

/**
 * The readings of a text under a pattern, at most two. They are worked out from the last part of the pattern to the first,
 * for each place of the text, so that the work is bounded by the product of both lengths.
 */
export function readingsOf(pattern: TextPattern, text: string): readonly TextCaptures[] {
  const said = plain(text);
  // Line ends that close a text are no part of what it says.
  const end = said.replace(closingLineEnds, "").length;
  let rest: Readings[] = Array.from({ length: said.length + 1 }, (_, at) => (at >= end ? [{}] : nothing));
  for (const [index, part] of [...pattern.entries()].toReversed()) {
    const isBehindAny = pattern[index - 1]?.kind === "any";
    const isBeforeAny = pattern[index + 1]?.kind === "any";
    const isNumber = part.kind === "pid" || part.kind === "startTicks";
    const here: Readings[] = Array.from({ length: said.length + 1 }, () => nothing);
    for (let at = said.length; at >= 0; at -= 1) {
      if (part.kind === "any") here[at] = joined(rest[at] as Readings, here[at + 1] ?? nothing);
      else if (part.kind === "text") {
        const isHere = said.startsWith(part.text, at) && !(isBehindAny && isInWord(said, at));
        here[at] = isHere ? (rest[at + part.text.length] as Readings) : nothing;
      } else {
        let found = nothing;
        for (const to of endsOf(part.kind, said, at)) {
          const others = isNumber && isInNumber(said, at, to, isBehindAny, isBeforeAny) ? nothing : (rest[to] as Readings);
          if (others.length > 0)
            found = joined(
              found,
              others.map((reading) => ({ ...reading, [part.kind]: said.slice(at, to) })),
            );
        }
        here[at] = found;
      }
    }
    rest = here;
  }
  return rest[0] as Readings;
}
