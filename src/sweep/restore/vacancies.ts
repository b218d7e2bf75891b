import type { KeptMember, Tombstone } from "../../core/tombstone.ts";
import { keysOf, type MembersRegistry } from "../load/loaded.ts";
import { statedName } from "../load/element-names.ts";

/** The place of the member that was changed and stayed, `"free"` where a member can be put back, `"taken"` by a newcomer. */
export type Vacancy = number | "free" | "taken";

/** Says of one tombstone after another where its member goes; each that was given a place has it. */
export type Vacancies = (tombstone: Tombstone, kept: KeptMember) => Vacancy;

/** The bytes of the member itself, without its separator. */
export function memberText({ cut, member }: KeptMember): string {
  return Buffer.from(cut, "base64").toString("utf8", member.start, member.end);
}

/** A member that was changed and stayed is changed back only if it still is what it was changed into. */
function isAt({ file, container, entries }: MembersRegistry, place: number, bytes: Buffer): boolean {
  const [start, end] = [container.members.start(place), container.members.end(place)];
  return !entries.at(place).duplicate && file.bytes.subarray(start, end).equals(bytes);
}

/** A member of an object goes where no other has its name. */
function byName(loaded: MembersRegistry): Vacancies {
  const places = new Map<string, number | undefined>(keysOf(loaded.entries).map((key, place) => [key, place]));
  return ({ key }, { replacedBy }) => {
    const place = places.get(key);
    const isOurs = place !== undefined && replacedBy !== undefined && isAt(loaded, place, Buffer.from(replacedBy, "base64"));
    if (!isOurs && places.has(key)) return "taken";
    // Of several tombstones of one name the first is put back.
    places.set(key, undefined);
    return isOurs ? place : "free";
  };
}

/** How many call themselves so, as counted by what they state. */
function countOf({ target, entries: { elements } }: MembersRegistry, text: string): readonly [name: string, count: number] {
  const name = target.format.layout === "members" ? statedName(target.format.claim("", JSON.parse(text)), () => text) : text;
  return [name, elements?.namesakes(name) ?? 0];
}

/**
 * An element has no name of its own, so its array can hold several that state the same. One more of them than there were
 * when it went is a newcomer.
 */
function byCount(loaded: MembersRegistry): Vacancies {
  const { entries } = loaded;
  const [changed, back] = [new Set<number>(), new Map<string, number>()];
  return (_, kept) => {
    const { replacedBy, namesakes = 1 } = kept;
    if (replacedBy !== undefined) {
      const bytes = Buffer.from(replacedBy, "base64");
      const place = Array.from(keysOf(entries).keys()).find((index) => !changed.has(index) && isAt(loaded, index, bytes));
      if (place === undefined) return "taken";
      changed.add(place);
      return place;
    }
    const [name, count] = countOf(loaded, memberText(kept));
    const more = back.get(name) ?? 0;
    if (count + more >= namesakes) return "taken";
    back.set(name, more + 1);
    return "free";
  };
}

/** Where members of a registry can be put back. */
export function vacanciesIn(loaded: MembersRegistry): Vacancies {
  return loaded.entries.elements === undefined ? byName(loaded) : byCount(loaded);
}
