import { formatMessage } from "../../core/answer.ts";
import type { Host } from "../../host/host.ts";
import { encodeHeader, encodeLine, tombstoneId, type Tombstone } from "../../core/tombstone.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { TombstoneWriter } from "./outcome.ts";

/** Tombstones that are on disk, one for each entry in the same order; an entry that is missing here had no room. */
export type TombstoneBatch<T> = { readonly entries: readonly T[]; readonly ids: readonly string[] };

/** Returns the line that keeps one condemned entry. */
export function tombstoneLine({ entry, judgement: { reason, detail } }: ExaminedEntry, kept: Tombstone["kept"]): string {
  const sessionId = entry.claim.ok ? entry.claim.registration.sessionId : undefined;
  return encodeLine({ key: entry.key, sessionId, reason, detail: formatMessage(detail), kept });
}

/**
 * Writes tombstones of as many condemned entries as there is room for, before any entry goes. Each line is made when it
 * is written, so that memory never holds many. `makeLine` returns undefined for an entry that cannot fit; `stays` is
 * called with each entry without room, before the next line is made.
 */
export function writeTombstones<T>(
  host: Host,
  tombstones: TombstoneWriter,
  { target, kind }: ReadRegistry,
  condemned: Iterable<T>,
  makeLine: (one: T, room: number) => string | undefined,
  stays: (one: T) => void = () => undefined,
): TombstoneBatch<T> {
  const { sweepId, at, count } = tombstones;
  const header = encodeHeader({ sweepId, at, registry: target.path, format: target.format.name, layout: kind, first: count });
  const entries: T[] = [];
  let room = tombstones.room - Buffer.byteLength(header);
  function* tombstoneLines(): Generator<string, undefined> {
    // An entry that is larger than all the room must not block the entries behind it for ever.
    for (const one of condemned) {
      const line = makeLine(one, room);
      const size = line === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(line);
      if (line === undefined || size > room) {
        stays(one);
        continue;
      }
      room -= size;
      entries.push(one);
      yield line;
    }
  }
  const rest = tombstoneLines();
  const first = rest.next();
  if (first.done === true) return { entries, ids: [] };
  function* lines(firstLine: string): Generator<string, undefined> {
    yield header;
    yield firstLine;
    yield* rest;
  }
  host.store.writeTombstones(sweepId, lines(first.value));
  tombstones.count += entries.length;
  tombstones.room = room;
  return { entries, ids: entries.map((_, index) => tombstoneId(sweepId, count + index)) };
}

/** Returns the condemned entries for which there was no room. */
export function unwritten<T>(condemned: readonly T[], { entries }: TombstoneBatch<T>): readonly T[] {
  if (entries.length === condemned.length) return [];
  const written = new Set(entries);
  return condemned.filter((one) => !written.has(one));
}

/** The note of a condemned entry for which there was no room. */
export const tombstonesFull = "the tombstones are full; it is reaped when older ones have gone";
