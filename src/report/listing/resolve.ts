import { matchesName } from "../../core/agents/programs.ts";
import { canonicalSession } from "../../core/registration.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import { stemOf } from "./ids.ts";
import { visible } from "../visible.ts";

/** What an entry, or the tombstone of one, can be called by. */
export type Names = {
  readonly format: string;
  readonly key: string;
  readonly sessionId: string | undefined;
  /** The id of its tombstone. */
  readonly tombstone: string | undefined;
  readonly identity: string | undefined;
  readonly pid: number | undefined;
};

/** Of what has no further name. */
export const nameless = { sessionId: undefined, tombstone: undefined, identity: undefined, pid: undefined } as const;

/** What the tombstone of an entry can be called by: all that the entry could. */
export function namesOfTombstone({ id, format, key, sessionId, identity, pid }: Tombstone): Names {
  return { format, key, sessionId, tombstone: id, identity, pid };
}

/** A prefix that is shorter than this says too little. */
const shortestPrefix = 4;

/** One list a kind of name, in the order in which they count. What is shown of a name can be typed as well as the name. */
function kindsOf({ format, key, sessionId, tombstone, identity, pid }: Names): readonly (readonly string[])[] {
  const session = sessionId === undefined ? undefined : canonicalSession(sessionId);
  const kinds = [`${format}:${key}`, key, session, tombstone, stemOf(key), pid?.toString(), identity];
  return kinds.map((name) => (name === undefined || name === "" ? [] : [...new Set([name, visible(name, Number.POSITIVE_INFINITY)])]));
}

/** A pattern is what a person typed with `*`, or what a table showed with its middle cut out. */
function patternsIn(word: string): readonly string[] {
  const cut = word.replaceAll("…", "*");
  if (cut.includes("*")) return [cut];
  return word.includes("..") ? [word.replaceAll("..", "*")] : [];
}

/** How well a word fits: the kinds of exact names count from the last to the first, behind them a prefix, and then a pattern. */
export const fits = { none: 0, pattern: 1, prefix: 2, exact: 3 } as const;

/**
 * Returns how well a word on the command line fits an entry, 0 for not at all. Of many entries those are meant that fit
 * best: first the names, each kind before the next, then a prefix of at least four letters, then a pattern.
 */
export function fitOf(word: string, names: Names): number {
  if (word === "") return fits.none;
  const kinds = kindsOf(names);
  const wanted = canonicalSession(word);
  const exact = kinds.findIndex((own) => own.includes(word) || own.includes(wanted));
  if (exact !== -1) return fits.exact + kinds.length - 1 - exact;
  const all = kinds.flat();
  const session = word.toLowerCase();
  const isPrefix = all.some((name) => name.startsWith(word)) || kinds[2]?.some((name) => name.startsWith(session)) === true;
  if (word.length >= shortestPrefix && isPrefix) return fits.prefix;
  return patternsIn(word).some((pattern) => all.some((name) => matchesName(name, pattern))) ? fits.pattern : fits.none;
}

/** Of many things those that the word means. */
export function resolveId<Thing>(word: string, things: Iterable<Thing>, namesOf: (thing: Thing) => Names): readonly Thing[] {
  const ranked = [...things].map((thing) => ({ thing, fit: fitOf(word, namesOf(thing)) }));
  const best = ranked.reduce((most, { fit }) => Math.max(most, fit), 0);
  return best === 0 ? [] : ranked.filter(({ fit }) => fit === best).map(({ thing }) => thing);
}

/** What is said where a word means several things and only one may be changed; each line can be typed instead. */
export function severalLines(
  word: string,
  what: string,
  all: readonly { readonly format: string; readonly key: string; readonly registry: string }[],
) {
  const lines = all.map(({ format, key, registry }) => `  ${visible(`${format}:${key}`)}  ${visible(registry)}`);
  return [`"${visible(word)}" is ${all.length} ${what}; nothing was touched; --all takes them all`, ...lines].join("\n");
}
