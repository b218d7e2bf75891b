import { isChange } from "../core/plan/actions.ts";
import { realSenses } from "../host/senses/senses.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import { watch as watchRegistries } from "../watch/watch.ts";
import { asOwner, findOwn, version } from "./own-registry.ts";
import { reconcile } from "./reconcile.ts";
import { rowOf } from "./rows.ts";
import { stoppedBy } from "./stopping.ts";
import type { Row, WatchResult, WatchOptions } from "./types.ts";

/** Tells a listener of the caller's. What it throws is the caller's own matter: it is dropped, and no sweep fails by it. */
function notify<T>(listener: ((what: T) => unknown) | undefined, what: T): void {
  void (async () => listener?.(what))().catch(() => undefined);
}

/**
 * Stays up until the signal is aborted, and then answers what it did: `reconcile` at once, then each row as soon as its holder
 * ends or its server has closed its thread before the eyes of this watch.
 */
export async function watch(options: WatchOptions): Promise<WatchResult> {
  const { signal, onRows, onNotice } = options;
  signal.throwIfAborted();
  const own = await findOwn(options);
  const { stop, leave } = stoppedBy([signal]);
  const notifyOfRows = (rows: readonly Row[]): void => {
    const changed = rows.filter(({ action }) => isChange(action));
    if (changed.length > 0) notify(onRows, changed);
  };
  const report = async (swept: SweepReport): Promise<void> => notifyOfRows([...swept.notable].map(rowOf));
  const notice = async (words: string): Promise<void> => notify(onNotice, words);
  try {
    // For its errors, which end the watch before it has begun: later ones are said, and the sweep is tried again.
    notifyOfRows((await reconcile(options)).rows);
    return await watchRegistries(
      own.host,
      realSenses(version),
      {
        ...own.question,
        ...asOwner,
        stop,
        findPlaces: () => own.question,
        onSweep: () => Promise.resolve({ report, fault: () => Promise.resolve() }),
        onTurnedAway: () => Promise.resolve(),
        onNotice: notice,
      },
      signal,
    );
  } finally {
    leave();
  }
}
