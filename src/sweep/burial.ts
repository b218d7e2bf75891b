import type { Host } from "../host/host.ts";
import { encodeTombstone, type Tombstone } from "../host/tombstones.ts";
import type { ExaminedEntry } from "./examined.ts";
import type { ReadRegistry } from "./loaded.ts";
import type { Grave } from "./outcome.ts";

/** Tombstones that are on disk, one for each entry in the same order. */
export type Burial = { readonly entries: readonly ExaminedEntry[]; readonly ids: readonly string[] };

type Kept = Tombstone["kept"];

function tombstoneOf(grave: Grave, { target }: ReadRegistry, { entry, judgement }: ExaminedEntry, number: number, kept: Kept): Tombstone {
  return {
    id: `${grave.sweepId}/${number}`,
    at: grave.at,
    registry: target.path,
    format: target.format.name,
    key: entry.key,
    sessionId: entry.claim.ok ? entry.claim.registration.sessionId : undefined,
    reason: judgement.reason,
    detail: judgement.detail,
    kept,
  };
}

/**
 * Buries as many of the condemned as there is room for, before any of them goes. What is kept of an entry can depend
 * on which others go with it (a separator belongs to one of two neighbours), so fewer entries are made up anew.
 */
export function bury(
  host: Host,
  grave: Grave,
  loaded: ReadRegistry,
  condemned: readonly ExaminedEntry[],
  keep: (entries: readonly ExaminedEntry[]) => readonly Kept[],
): Burial {
  const kept = keep(condemned);
  const tombstones = condemned.map((one, at) => tombstoneOf(grave, loaded, one, grave.count + at, kept[at] as Kept));
  const encoded = tombstones.map(encodeTombstone);
  let room = grave.room;
  const fitting = encoded.findIndex(({ length }) => (room -= length) < 0);
  if (fitting >= 0) return bury(host, grave, loaded, condemned.slice(0, fitting), keep);
  if (encoded.length > 0) host.store.bury(grave.sweepId, encoded);
  grave.count += encoded.length;
  grave.room = room;
  return { entries: condemned, ids: tombstones.map(({ id }) => id) };
}

/** What is said of the condemned for whom there was no room. */
export const noRoom = "the tombstones are full; it is reaped when older ones have gone";
