import { restoredKeptMs } from "../policy.ts";

/** An entry that was put back: it is left alone while its bytes have this digest, until a wall time in epoch ms. */
export type Restored = { readonly registry: string; readonly key: string; readonly digest: string; readonly untilMs: number };

/** Entries that were put back, by the path of their registry, then by key. */
export type RestoredByKey = ReadonlyMap<string, ReadonlyMap<string, Restored>>;

/** Of two marks of one entry the later one counts. */
export function restoredByKey(marks: Iterable<Restored>): RestoredByKey {
  const byRegistry = new Map<string, Map<string, Restored>>();
  for (const mark of marks) {
    byRegistry.set(mark.registry, (byRegistry.get(mark.registry) ?? new Map<string, Restored>()).set(mark.key, mark));
  }
  return byRegistry;
}

export const restoredIn = (marks: RestoredByKey): readonly Restored[] => [...marks.values()].flatMap((marked) => [...marked.values()]);

/** Marks whose time is not over. None lasts longer from now than a new one would, or a clock set back would prolong it. */
export function unexpiredMarks(marks: RestoredByKey, wallMs: number | undefined): RestoredByKey {
  if (wallMs === undefined) return marks;
  const left = restoredIn(marks).filter(({ untilMs }) => wallMs < untilMs);
  return restoredByKey(left.map((mark) => ({ ...mark, untilMs: Math.min(mark.untilMs, wallMs + restoredKeptMs) })));
}
