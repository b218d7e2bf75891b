import { matchesName } from "../../core/agents/programs.ts";
import { fitOf, fits, type Names } from "./resolve.ts";
import { tilde } from "./view.ts";

/** Which entries a person wants acted on and shown. */
export type Choice = {
  /** Where there are any, an entry has to fit one of them. */
  readonly only: readonly string[];
  readonly except: readonly string[];
  /** In ms; an entry of unknown age is not older. */
  readonly olderThanMs: number | undefined;
  readonly ghosts: boolean;
  readonly home: string;
};

/** What of an entry is held against a choice. */
export type Candidate = Names & { readonly cwd: string | undefined; readonly ageMs: number | undefined; readonly verdict: string };

/** What a table shows of a UUID. */
const startOfUuid = /^[0-9a-f]{8}[0-9a-f-]*$/i;

/** A choice is for many, so the beginning of a name is none: `docs` is not `docs-old`, and `docs*` is both. */
function isNamed(word: string, one: Candidate): boolean {
  const fit = fitOf(word, one);
  return fit >= fits.exact || fit === fits.pattern || (fit === fits.prefix && startOfUuid.test(word));
}

function fitsOne(words: readonly string[], one: Candidate, home: string): boolean {
  const places = one.cwd === undefined ? [] : [one.cwd, tilde(one.cwd, home)];
  return words.some((word) => isNamed(word, one) || places.some((place) => matchesName(place, word.replaceAll("…", "*"))));
}

/** Whether an entry is acted on and shown. What is not is judged and remembered all the same. */
export function isChosen({ only, except, olderThanMs, ghosts, home }: Choice, one: Candidate): boolean {
  if (only.length > 0 && !fitsOne(only, one, home)) return false;
  if (ghosts && one.verdict !== "ghost") return false;
  if (olderThanMs !== undefined && (one.ageMs === undefined || one.ageMs < olderThanMs)) return false;
  return !fitsOne(except, one, home);
}
