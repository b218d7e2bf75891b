import { sentence } from "../core/answer.ts";
import type { Host } from "../host/host.ts";
import { encodePlot, encodeStone, tombstoneId, type Tombstone } from "../host/tombstone-lines.ts";
import type { ExaminedEntry } from "./examined.ts";
import type { ReadRegistry } from "./loaded.ts";
import type { Grave } from "./outcome.ts";

/** Tombstones that are on disk, one for each entry in the same order; whoever is not among them had no room. */
export type Burial = { readonly entries: readonly ExaminedEntry[]; readonly ids: readonly string[] };

type Kept = Tombstone["kept"];

function stoneOf({ entry, judgement: { reason, detail } }: ExaminedEntry, kept: Kept): Buffer {
  const sessionId = entry.claim.ok ? entry.claim.registration.sessionId : undefined;
  return encodeStone({ key: entry.key, sessionId, reason, detail: sentence(detail), kept });
}

/**
 * Buries as many of the condemned as there is room for, before any of them goes. What is kept of an entry can depend
 * on which others go with it (a separator belongs to one of two neighbours), so fewer entries are made up anew.
 */
export function bury(
  host: Host,
  grave: Grave,
  { target, kind }: ReadRegistry,
  condemned: readonly ExaminedEntry[],
  keep: (entries: readonly ExaminedEntry[]) => readonly Kept[],
): Burial {
  const { sweepId, at } = grave;
  const plot = encodePlot({ sweepId, at, registry: target.path, format: target.format.name, layout: kind, first: grave.count });
  for (let entries = condemned; ;) {
    const kept = keep(entries);
    const encoded = entries.map((one, index) => stoneOf(one, kept[index] as Kept));
    let room = grave.room - plot.length;
    // One that is too large for all the room there is must not stand in the way of those behind it for ever.
    const fitting = entries.filter((_, index) => {
      const { length } = encoded[index] as Buffer;
      if (length > room) return false;
      room -= length;
      return true;
    });
    if (fitting.length < entries.length) {
      entries = fitting;
      continue;
    }
    const ids = entries.map((_, index) => tombstoneId(sweepId, grave.count + index));
    if (entries.length > 0) {
      host.store.bury(sweepId, [plot, ...encoded]);
      grave.count += entries.length;
      grave.room = room;
    }
    return { entries, ids };
  }
}

/** Those of the condemned for whom there was no room. */
export function unburied(condemned: readonly ExaminedEntry[], { entries }: Burial): readonly ExaminedEntry[] {
  if (entries.length === condemned.length) return [];
  const buried = new Set(entries.map(({ entry }) => entry.key));
  return condemned.filter(({ entry }) => !buried.has(entry.key));
}

/** What is said of the condemned for whom there was no room. */
export const noRoom = "the tombstones are full; it is reaped when older ones have gone";
