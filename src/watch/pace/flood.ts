import { floodMs } from "./paces.ts";

/** Tells of each reading of changed registries whether it falls into a flood; `isOverrun`: they had changed again before its rest was over. */
export function newFlood(): (isOverrun: boolean, nowMs: number) => boolean {
  let isIn = false;
  let sinceMs: number | undefined;
  let lastMs = 0;
  return (isOverrun, nowMs) => {
    if (isOverrun) lastMs = nowMs;
    // A flood begins where readings are overrun one after the other, and is over when none has been for as long.
    if (isOverrun) sinceMs ??= nowMs;
    else if (!isIn || nowMs - lastMs >= floodMs) sinceMs = undefined;
    isIn = sinceMs !== undefined && nowMs - sinceMs >= floodMs;
    return isIn;
  };
}
