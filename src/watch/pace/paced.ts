import type { Senses } from "../../host/senses/senses.ts";

/** Something that is done at once for each item, and not again before it has rested. */
export type Paced<Item> = { readonly hear: (item: Item) => void; readonly close: () => void };

/**
 * `act` is called for an item at once; for one that is heard while it is acted on, or while that rests, once more when the
 * rest is over. `nowMs` is any clock that runs on; `restMs` says how long is rested after so many ms.
 */
export function newPaced<Item>(
  act: (item: Item) => Promise<void>,
  after: Senses["after"],
  { nowMs, restMs }: { readonly nowMs: () => number; readonly restMs: (tookMs: number) => number },
): Paced<Item> {
  const busy = new Map<Item, () => void>();
  const again = new Set<Item>();
  let isClosed = false;

  async function run(item: Item): Promise<void> {
    busy.set(item, () => undefined);
    const from = nowMs();
    await act(item);
    if (isClosed) return;
    const cancel = after(restMs(nowMs() - from), () => {
      busy.delete(item);
      if (again.delete(item)) void run(item);
    });
    busy.set(item, cancel);
  }
  return {
    hear: (item) => {
      if (isClosed) return;
      if (busy.has(item)) again.add(item);
      else void run(item);
    },
    close: () => {
      isClosed = true;
      for (const cancel of busy.values()) cancel();
    },
  };
}
