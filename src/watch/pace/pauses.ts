import { quietSweepMs, watchSweepMs } from "../../core/policy.ts";
import { newPause, type Pause } from "./pause.ts";
import { retryMs, wholeRetryMs } from "./paces.ts";

/** How long a watch waits before it does something again. */
export type Pauses = {
  /** Before a sweep of what has ended is tried again that was held up, and one in which something failed. */
  readonly exits: Pause;
  readonly failed: Pause;
  /** Before a sweep of all is tried again that was held up. */
  readonly whole: Pause;
  /** Before a reading is tried again that failed. */
  readonly learn: Pause;
  /** Before the next sweep of all, while nothing happens. */
  readonly quiet: Pause;
};

export const newPauses = (): Pauses => ({
  exits: newPause(retryMs, watchSweepMs),
  failed: newPause(wholeRetryMs, watchSweepMs),
  whole: newPause(wholeRetryMs, watchSweepMs),
  learn: newPause(retryMs, watchSweepMs),
  quiet: newPause(watchSweepMs, quietSweepMs),
});
