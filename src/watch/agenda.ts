import type { Senses } from "../host/senses/senses.ts";

/** What is to be done, each thing at the earliest time that was asked for. */
export type Agenda<Item extends string> = {
  /** It is due in so many ms, or sooner where that was asked for before. */
  readonly soon: (item: Item, ms: number) => void;
  /** The first of these that is due, which is off the agenda with that. */
  readonly take: (order: readonly Item[]) => Item | undefined;
  /** Resolves when anything is due, or when it is closed. */
  readonly next: () => Promise<void>;
  readonly close: () => void;
};

export function newAgenda<Item extends string>(after: Senses["after"]): Agenda<Item> {
  const pending = new Map<Item, { readonly ms: number; readonly cancel: () => void }>();
  const due = new Set<Item>();
  let isClosed = false;
  let wake: () => void = () => undefined;
  return {
    soon: (item, ms) => {
      const before = pending.get(item);
      if (isClosed || due.has(item) || (before !== undefined && before.ms <= ms)) return;
      before?.cancel();
      const cancel = after(ms, () => {
        pending.delete(item);
        due.add(item);
        wake();
      });
      pending.set(item, { ms, cancel });
    },
    take: (order) => {
      const item = order.find((one) => due.has(one));
      if (item === undefined) return undefined;
      due.delete(item);
      // What is done now need not be done again for what was asked for later.
      pending.get(item)?.cancel();
      pending.delete(item);
      return item;
    },
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (isClosed || due.size > 0) resolve();
      }),
    close: () => {
      isClosed = true;
      for (const { cancel } of pending.values()) cancel();
      pending.clear();
      wake();
    },
  };
}
