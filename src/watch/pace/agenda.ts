import type { Senses } from "../../host/senses/senses.ts";

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
  const pending = new Map<Item, readonly { readonly ms: number; readonly cancel: () => void }[]>();
  const due = new Set<Item>();
  let isClosed = false;
  let wake: () => void = () => undefined;

  function cancelAll(item: Item): void {
    for (const { cancel } of pending.get(item) ?? []) cancel();
    pending.delete(item);
  }

  return {
    soon: (item, ms) => {
      const asked = pending.get(item) ?? [];
      // What was asked for before, and in no more time, comes first. Of others only their timers tell.
      if (isClosed || due.has(item) || asked.some((one) => one.ms <= ms)) return;
      const cancel = after(ms, () => {
        cancelAll(item);
        due.add(item);
        wake();
      });
      pending.set(item, [...asked, { ms, cancel }]);
    },
    take: (order) => {
      const item = order.find((one) => due.has(one));
      if (item === undefined) return undefined;
      due.delete(item);
      return item;
    },
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (isClosed || due.size > 0) resolve();
      }),
    close: () => {
      isClosed = true;
      for (const item of pending.keys()) cancelAll(item);
      wake();
    },
  };
}
