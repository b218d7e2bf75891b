import type { Host } from "../host/host.ts";
import type { Senses } from "../host/senses/senses.ts";
import type { Target } from "../sweep/load/target.ts";
import { awakeOf } from "./awake.ts";
import type { Lookout } from "./lookout.ts";
import type { Notices } from "./notices.ts";
import { newFlood } from "./pace/flood.ts";
import { afterLearning } from "./pace/paces.ts";

/**
 * When registries are read that have changed: the first change after a rest at once, and those that follow when the next
 * rest is over, which is as long as the reading took, twice.
 */
export type Reading = {
  /** A registry has changed. */
  readonly hear: (target: Target) => void;
  /** Something has changed, and is to be read in so many ms. */
  readonly nextMs: () => number;
  /** Reads what has changed. Returns whether an entry claims something that was seen to end and that no sweep has had yet. */
  readonly readChanged: () => Promise<boolean>;
  /** The same, of these registries; if they are all, others are forgotten. */
  readonly read: (targets: readonly Target[], areAll: boolean) => Promise<boolean>;
  readonly close: () => void;
};

export function newReading(host: Host, lookout: Lookout, senses: Senses, notice: Notices["notice"]): Reading {
  const changed = new Set<Target>();
  const flood = newFlood();
  let pauseMs = afterLearning(0);
  let [isResting, endRest]: [boolean, () => void] = [false, () => undefined];
  let isOverrun = false;

  async function read(targets: readonly Target[], areAll: boolean): Promise<boolean> {
    const from = awakeOf(host);
    const isAnyNew = await lookout.learn(targets, areAll);
    const until = awakeOf(host);
    pauseMs = afterLearning(from === undefined || until === undefined ? undefined : until - from);
    endRest();
    endRest = senses.after(pauseMs, () => (isResting = false));
    isResting = true;
    const isFlood = flood(isOverrun, until ?? 0);
    isOverrun = changed.size > 0;
    await notice("flood", isFlood ? "registries change faster than they can be read; new holders may be known later" : undefined);
    return isAnyNew;
  }

  return {
    hear: (target) => void changed.add(target),
    nextMs: () => {
      isOverrun ||= isResting;
      return isResting ? pauseMs : afterLearning(0);
    },
    read,
    readChanged: async () => {
      const those = [...changed];
      changed.clear();
      if (those.length === 0) return false;
      try {
        return await read(those, false);
      } catch (error) {
        // What cannot be read now has changed all the same.
        for (const target of those) changed.add(target);
        throw error;
      }
    },
    close: () => {
      endRest();
    },
  };
}
