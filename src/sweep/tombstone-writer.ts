import { encodeHeader, sweepOf, tombstoneId } from "../core/tombstone.ts";
import type { Host } from "../host/host.ts";
import type { ReadRegistry } from "./load/loaded.ts";

/** Tombstones that are on disk, one for each entry in the same order; an entry that is missing here had no room. */
export type TombstoneBatch<T> = { readonly entries: readonly T[]; readonly ids: readonly string[] };

/** Writes and voids the tombstones of one pass. It keeps count of them, and of the bytes that may follow. */
export type TombstoneWriter = {
  /** Turns to the next registry. While others wait behind it, it takes at most half of the room that there is. */
  readonly turnTo: (others: "wait" | "are-done") => void;
  /**
   * Writes tombstones of as many condemned entries as there is room for, before any entry goes. Each line is made when
   * it is written, so that memory never holds many. `makeLine` returns undefined for an entry that cannot fit; `stays`
   * is called with each entry without room, before the next line is made. Throws where the state directory refuses.
   */
  readonly write: <T>(registry: ReadRegistry, condemned: Iterable<T>, making: TombstoneMaking<T>) => TombstoneBatch<T>;
  /** Takes tombstones back, of this pass or of others. Throws where the state directory refuses. */
  readonly void: (ids: readonly string[]) => void;
};

export type TombstoneMaking<T> = {
  readonly makeLine: (one: T, room: number) => string | undefined;
  readonly stays?: (one: T) => void;
};

/** The writer of one pass. It asks the store for room when the first tombstone is to be written. */
export function tombstoneWriter(
  host: Host,
  { sweepId, at, nowMs }: { readonly sweepId: string; readonly at: string; readonly nowMs: () => number | undefined },
): TombstoneWriter {
  let count = 0;
  let left: number | undefined;
  let share = Number.POSITIVE_INFINITY;
  const roomLeft = (): number => (left ??= host.store.tombstoneRoom(nowMs()));

  function turnTo(others: "wait" | "are-done"): void {
    share = others === "wait" ? Math.floor(roomLeft() / 2) : Number.POSITIVE_INFINITY;
  }

  function write<T>({ target, kind }: ReadRegistry, condemned: Iterable<T>, { makeLine, stays }: TombstoneMaking<T>): TombstoneBatch<T> {
    const header = encodeHeader({ sweepId, at, registry: target.path, format: target.format.name, layout: kind, first: count });
    const entries: T[] = [];
    const granted = Math.min(roomLeft(), share);
    let room = granted - Buffer.byteLength(header);
    function* tombstoneLines(): Generator<string, undefined> {
      // An entry that is larger than all the room must not block the entries behind it for ever.
      for (const one of condemned) {
        const line = makeLine(one, room);
        const size = line === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(line);
        if (line === undefined || size > room) {
          stays?.(one);
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
    const from = count;
    count += entries.length;
    left = roomLeft() - (granted - room);
    share -= granted - room;
    return { entries, ids: entries.map((_, index) => tombstoneId(sweepId, from + index)) };
  }

  function voidAll(ids: readonly string[]): void {
    const bySweep = new Map<string, string[]>();
    for (const id of ids) {
      const ofSweep = bySweep.get(sweepOf(id));
      if (ofSweep === undefined) bySweep.set(sweepOf(id), [id]);
      else ofSweep.push(id);
    }
    for (const [sweep, ofSweep] of bySweep) host.store.voidTombstones(sweep, ofSweep);
  }

  return { turnTo, write, void: voidAll };
}
