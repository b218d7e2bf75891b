import { isRecord, keyItself, valueItself } from "../fields.ts";
import type { Sample } from "./specimen.ts";

/** One value of a member, and the entry that it stands in. */
export type Given = { readonly value: unknown; readonly sample: Sample };

/** A member of some entries. `name` is its own name in small letters alone, `member` what a field calls it. */
export type Member = { readonly member: string; readonly name: string; readonly given: readonly Given[] };

/** So many entries tell what a registry's members are called. */
export const mostSamples = 100;

const [mostMembers, deepest] = [200, 3];

/** Small letters and digits alone: `startedAt`, `started_at` and `started-at` are one name. */
export const lettersOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

const escaped = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** A member of the entry itself by its name, a deeper one by its JSON pointer. */
function fieldFor(path: readonly string[]): string {
  const [name = ""] = path;
  const isPlain = path.length === 1 && name !== "" && !name.startsWith("/") && name !== keyItself && name !== valueItself;
  return isPlain ? name : `/${path.map(escaped).join("/")}`;
}

/** Every member of the entries, those of objects inside them too. Lists are not looked into: no field can name what is in one. */
export function membersOf(samples: readonly Sample[]): readonly Member[] {
  const found = new Map<string, { readonly name: string; readonly given: Given[] }>();
  function add(value: unknown, path: readonly string[], sample: Sample): void {
    if (!isRecord(value) || path.length >= deepest) return;
    for (const [name, own] of Object.entries(value)) {
      const way = [...path, name];
      const member = fieldFor(way);
      const known = found.get(member);
      if (known === undefined && found.size >= mostMembers) continue;
      if (known === undefined) found.set(member, { name: lettersOf(name), given: [{ value: own, sample }] });
      else known.given.push({ value: own, sample });
      add(own, way, sample);
    }
  }
  for (const sample of samples.slice(0, mostSamples)) add(sample.value, [], sample);
  const inside = [...found].map(([member, { name, given }]) => ({ member, name, given }));
  const bare = samples.slice(0, mostSamples).filter(({ value }) => typeof value === "number" || typeof value === "string");
  const keys = samples.slice(0, mostSamples).map((sample) => ({ value: sample.key, sample }));
  return [
    ...inside,
    ...(bare.length === 0 ? [] : [{ member: valueItself, name: "", given: bare.map((sample) => ({ value: sample.value, sample })) }]),
    ...(keys.length === 0 ? [] : [{ member: keyItself, name: "", given: keys }]),
  ];
}

/** The values of a member that say something. */
export function saidBy({ given }: Member): readonly Given[] {
  return given.filter(({ value }) => value !== null && value !== "");
}
