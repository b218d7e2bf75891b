import { isChange } from "../core/plan/actions.ts";
import { realSenses } from "../host/senses/senses.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import { watch as watchRegistries } from "../watch/watch.ts";
import { findOwn, version } from "./own-registry.ts";
import { reconcile } from "./reconcile.ts";
import { rowOf } from "./rows.ts";
import { stoppedBy } from "./stopping.ts";
import type { WatchResult, WatchOptions } from "./types.ts";

/**
 * Stays up until the signal is aborted, and then answers what it did: `reconcile` at once, then each row as soon as its holder
 * ends or its server has closed its thread before the eyes of this watch.
 */
export async function watch(options: WatchOptions): Promise<WatchResult> {
  const { signal, onRows, onNotice } = options;
  signal.throwIfAborted();
  const own = await findOwn(options);
  const { stop, leave } = stoppedBy([signal]);
  const report = async (swept: SweepReport): Promise<void> => {
    const rows = [...swept.notable].filter(({ action }) => isChange(action)).map(rowOf);
    if (rows.length > 0) onRows?.(rows);
  };
  const notice = async (words: string): Promise<void> => onNotice?.(words);
  try {
    // For its errors, which end the watch before it has begun: later ones are said, and the sweep is tried again.
    await reconcile(options);
    return await watchRegistries(
      own.host,
      realSenses(version),
      {
        ...own.question,
        stop,
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
