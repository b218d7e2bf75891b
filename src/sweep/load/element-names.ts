import type { Claim } from "../../registries/format.ts";

/** The names of an array's elements. An array gives them none of its own, and several can state the same. */
export type ElementNames = {
  /** Tells elements apart: what one states, or its index, with a number behind it where another has that name already. */
  readonly at: (index: number) => string;
  /** How many elements call themselves what this one does. */
  readonly namesakesAt: (index: number) => number;
  /** How many elements call themselves so, given what `statedName` returned. */
  readonly namesakes: (stated: string) => number;
};

const namePrefix = "name ";

/** Returns what an element calls itself: the name in its claim, or all of its text where it states none. */
export function statedName(claim: Claim, text: () => string): string {
  if (!claim.ok) return text();
  const { key, sessionId, identity, pid } = claim.registration;
  return sessionId === undefined && identity === undefined && pid === undefined ? text() : `${namePrefix}${key}`;
}

/** The element that states a name first has it; those behind it get the next number that is no other element's name. */
function toldApart(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const counts = new Map<string, number>();
  return names.map((name) => {
    let count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (count === 1) return name;
    while (taken.has(`${name} #${count}`)) count += 1;
    counts.set(name, count);
    taken.add(`${name} #${count}`);
    return `${name} #${count}`;
  });
}

/** Names the elements of an array, given what each states. */
export function elementNames(stated: readonly string[]): ElementNames {
  const counts = new Map<string, number>();
  for (const name of stated) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = toldApart(stated.map((name, index) => (name.startsWith(namePrefix) ? name.slice(namePrefix.length) : String(index))));
  const namesakes = (name: string): number => counts.get(name) ?? 0;
  return { at: (index) => names[index] as string, namesakesAt: (index) => namesakes(stated[index] as string), namesakes };
}
