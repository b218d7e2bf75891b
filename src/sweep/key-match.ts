import { matchesName } from "../core/agents/programs.ts";
import { canonicalSession } from "../core/registration.ts";
import type { ExaminedEntry } from "./judge/examined.ts";

/** A prefix that is shorter than this says too little. */
const shortestPrefix = 4;

/** Everything that an entry can be called by. */
function namesOf({ entry: { key, claim } }: Pick<ExaminedEntry, "entry">, format: string): readonly string[] {
  const file = key.slice(key.lastIndexOf("/") + 1);
  const stem = file.replace(/(?<=.)\.[^.]*$/, "");
  const { sessionId, identity, pid } = claim.ok ? claim.registration : {};
  const session = sessionId === undefined ? undefined : canonicalSession(sessionId);
  const names = [key, `${format}:${key}`, stem, session, identity, pid?.toString()];
  return names.flatMap((name) => (name === undefined || name === "" ? [] : [name]));
}

/** How well a word on the command line fits an entry: 3 by one of its names, 2 as a pattern, 1 as a prefix, 0 not at all. */
export function fitOf(word: string, one: Pick<ExaminedEntry, "entry">, format: string): number {
  const names = namesOf(one, format);
  const wanted = canonicalSession(word);
  if (names.includes(word) || names.includes(wanted)) return 3;
  const pattern = word.replaceAll("…", "*");
  if (pattern.includes("*")) return names.some((name) => matchesName(name, pattern)) ? 2 : 0;
  return word.length >= shortestPrefix && names.some((name) => name.startsWith(word)) ? 1 : 0;
}
