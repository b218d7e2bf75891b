import type { KeptMember } from "../../core/tombstone.ts";
import { cutAt, firstKept } from "../../registries/json/json-cuts.ts";
import { tombstoneLine } from "./tombstone-batch.ts";
import type { TombstoneBatch, TombstoneWriter } from "../tombstone-writer.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import type { MembersRegistry } from "../load/loaded.ts";

/** A longer name, in characters, is not kept in the tombstone of the member behind it: it would be most of it. */
const longestName = 4096;

function nameBefore({ entries }: MembersRegistry, index: number): string | undefined {
  const name = index === 0 ? undefined : entries.keyAt(index - 1);
  return name !== undefined && name.length <= longestName ? name : undefined;
}

/** What a tombstone keeps: the bytes that are cut, and between which others they stood. */
function keptMember(registry: MembersRegistry, index: number, kept: number): KeptMember {
  const { target, file, container } = registry;
  const { start, end, form } = cutAt(container, index, kept);
  const { members } = container;
  return {
    layout: "members",
    entries: target.format.layout === "members" ? target.format.entries : "",
    form,
    after: nameBefore(registry, index),
    cut: file.bytes.toString("base64", start, end),
    member: { start: members.start(index) - start, end: members.end(index) - start },
  };
}

/** Thrown inside this file only: all members were to go, tombstones of some are written, and this member has to stay. */
class MemberStays extends Error {
  readonly index: number;
  constructor(index: number) {
    super(`member ${index} stays`);
    this.index = index;
  }
}

/**
 * Buries members of one file, given where they stand, in that order. What is cut with one of them depends on the first
 * member that stays (a separator belongs to one of two neighbours). One without room stays, and from then on that is
 * known; only where nobody was to stay are those before it made up anew.
 */
export function writeMemberTombstones(
  tombstones: TombstoneWriter,
  registry: MembersRegistry,
  condemned: readonly number[],
  at: (index: number) => ExaminedEntry,
): TombstoneBatch<number> {
  const { members } = registry.container;
  const writeWithFirstStaying = (firstStaying: number, those: readonly number[]): TombstoneBatch<number> => {
    let kept = firstStaying;
    const makeLine = (index: number, room: number): string | undefined => {
      // Base64 takes four bytes for three: what cannot fit in any case is not even judged again.
      const least = ((members.end(index) - members.start(index)) / 3) * 4;
      return least > room ? undefined : tombstoneLine(at(index), keptMember(registry, index, kept));
    };
    const stays = (index: number): void => {
      if (kept < 0 && index > 0) throw new MemberStays(index);
      if (kept < 0 || index < kept) kept = index;
    };
    return tombstones.write(registry, those, { makeLine, stays });
  };
  try {
    return writeWithFirstStaying(firstKept(members.length, condemned), condemned);
  } catch (error) {
    if (!(error instanceof MemberStays)) throw error;
    // It stays even if there is room for it by now, for what is cut with the others says that it does.
    return writeWithFirstStaying(
      error.index,
      condemned.filter((index) => index !== error.index),
    );
  }
}
