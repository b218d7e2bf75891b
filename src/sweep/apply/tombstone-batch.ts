import { formatMessage } from "../../core/answer.ts";
import type { Host } from "../../host/host.ts";
import { encodePlot, encodeStone, tombstoneId, type Tombstone } from "../../core/tombstone.ts";
import type { ExaminedEntry } from "../judge/examined.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { Grave } from "./outcome.ts";

/** Tombstones that are on disk, one for each entry in the same order; whoever is not among them had no room. */
export type Burial<T> = { readonly entries: readonly T[]; readonly ids: readonly string[] };

/** What is written of one of the condemned. */
export function stoneOf({ entry, judgement: { reason, detail } }: ExaminedEntry, kept: Tombstone["kept"]): string {
  const sessionId = entry.claim.ok ? entry.claim.registration.sessionId : undefined;
  return encodeStone({ key: entry.key, sessionId, reason, detail: formatMessage(detail), kept });
}

/**
 * Buries as many of the condemned as there is room for, before any of them goes. Each stone is made when it is written,
 * so that many are never held at once. `makeStone` may give none where there can be no room for it; `stays` is told of
 * everyone for whom there is none, before the next stone is made.
 */
export function bury<T>(
  host: Host,
  grave: Grave,
  { target, kind }: ReadRegistry,
  condemned: Iterable<T>,
  makeStone: (one: T, room: number) => string | undefined,
  stays: (one: T) => void = () => undefined,
): Burial<T> {
  const { sweepId, at, count } = grave;
  const plot = encodePlot({ sweepId, at, registry: target.path, format: target.format.name, layout: kind, first: count });
  const entries: T[] = [];
  let room = grave.room - Buffer.byteLength(plot);
  function* stones(): Generator<string, undefined> {
    // One that is too large for all the room there is must not stand in the way of those behind it for ever.
    for (const one of condemned) {
      const stone = makeStone(one, room);
      const size = stone === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(stone);
      if (stone === undefined || size > room) {
        stays(one);
        continue;
      }
      room -= size;
      entries.push(one);
      yield stone;
    }
  }
  const rest = stones();
  const first = rest.next();
  if (first.done === true) return { entries, ids: [] };
  function* lines(firstStone: string): Generator<string, undefined> {
    yield plot;
    yield firstStone;
    yield* rest;
  }
  host.store.bury(sweepId, lines(first.value));
  grave.count += entries.length;
  grave.room = room;
  return { entries, ids: entries.map((_, index) => tombstoneId(sweepId, count + index)) };
}

/** Those of the condemned for whom there was no room. */
export function unburied<T>(condemned: readonly T[], { entries }: Burial<T>): readonly T[] {
  if (entries.length === condemned.length) return [];
  const buried = new Set(entries);
  return condemned.filter((one) => !buried.has(one));
}

/** What is said of the condemned for whom there was no room. */
export const noRoom = "the tombstones are full; it is reaped when older ones have gone";
