import type { KeptMember } from "../../core/tombstone.ts";
import { bareLine } from "../../registries/json/put-lines-back.ts";
import { cutAt } from "../../registries/json/json-cuts.ts";
import { tombstoneLine } from "./tombstone-batch.ts";
import type { TombstoneBatch, TombstoneWriter } from "../tombstone-writer.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import type { MembersRegistry } from "../load/loaded.ts";

/** A longer name, in characters, is not kept in the tombstone of the member behind it: it would be most of it. */
const longestName = 4096;

function nameBefore({ entries }: MembersRegistry, place: number): string | undefined {
  const name = place === 0 ? undefined : entries.keyAt(place - 1);
  return name !== undefined && name.length <= longestName ? name : undefined;
}

function pointerOf({ target: { format } }: MembersRegistry): string {
  return format.layout === "members" ? format.entries : "";
}

/** Of a line what the one before it says, for lines have no names; a very long one says too much. */
function lineBefore({ file, container: { members } }: MembersRegistry, place: number): string | undefined {
  const text = place === 0 ? undefined : bareLine(file.bytes.toString("utf8", members.start(place - 1), members.end(place - 1)));
  return text !== undefined && text.length <= longestName ? text : undefined;
}

/**
 * What a tombstone keeps of the member at a place: the bytes that are cut, and between which others they stood. One that
 * stays with another value is kept whole, and with it what takes its place.
 */
export function keptMember(registry: MembersRegistry, place: number, firstStaying: number, value: Buffer | undefined): KeptMember {
  const { file, container, entries } = registry;
  const { members } = container;
  const own = { start: members.start(place), end: members.end(place) };
  const { start, end, form } = value === undefined ? cutAt(container, place, firstStaying) : { ...own, form: "only" as const };
  const isLine = container.kind === "lines";
  const name = file.bytes.subarray(own.start, members.valueStart(place));
  return {
    layout: "members",
    entries: pointerOf(registry),
    form,
    ...(isLine ? { after: lineBefore(registry, place), at: own.start } : { after: nameBefore(registry, place) }),
    cut: file.bytes.toString("base64", start, end),
    member: { start: own.start - start, end: own.end - start },
    ...(entries.elements !== undefined && { namesakes: entries.elements.namesakesAt(place) }),
    ...(value !== undefined && { replacedBy: Buffer.concat([name, value]).toString("base64") }),
  };
}

/** How tombstones of members are made. What is cut with a member depends on the first one that stays. */
export type MemberKeeping = {
  readonly placeOf: (member: number) => number;
  readonly judgedAt: (member: number) => ExaminedEntry;
  readonly firstStaying: number;
  readonly kept: (member: number, firstStaying: number) => KeptMember;
};

/** Thrown inside this file only: all members were to go, tombstones of some are written, and this one has to stay. */
class MemberStays extends Error {
  readonly member: number;
  constructor(member: number) {
    super(`member ${member} stays`);
    this.member = member;
  }
}

/**
 * Writes tombstones of members of one file, in the order of their places. A separator belongs to one of two neighbours, so
 * what is cut with a member depends on the first one that stays. A member without room stays, and from then on that is
 * known; only where none was to stay are the tombstones before it made anew.
 */
export function keepMembers(
  tombstones: TombstoneWriter,
  registry: MembersRegistry,
  members: readonly number[],
  { placeOf, judgedAt, firstStaying, kept }: MemberKeeping,
): TombstoneBatch<number> {
  const spans = registry.container.members;
  const writeWithFirst = (first: number, those: readonly number[]): TombstoneBatch<number> => {
    let staying = first;
    const makeLine = (member: number, room: number): string | undefined => {
      // Base64 takes four bytes for three: what cannot fit in any case is not even judged again.
      const least = ((spans.end(placeOf(member)) - spans.start(placeOf(member))) / 3) * 4;
      return least > room ? undefined : tombstoneLine(judgedAt(member), kept(member, staying));
    };
    const stays = (member: number): void => {
      const place = placeOf(member);
      if (staying < 0 && place > 0) throw new MemberStays(member);
      if (staying < 0 || place < staying) staying = place;
    };
    return tombstones.write(registry, those, { makeLine, stays });
  };
  try {
    return writeWithFirst(firstStaying, members);
  } catch (error) {
    if (!(error instanceof MemberStays)) throw error;
    // It stays even if there is room for it by now, for what is cut with the others says that it does.
    return writeWithFirst(
      placeOf(error.member),
      members.filter((member) => member !== error.member),
    );
  }
}
