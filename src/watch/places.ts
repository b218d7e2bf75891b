import { registryId, type Target } from "../sweep/load/target.ts";
import type { Notices } from "./notices.ts";
import type { Places, WatchOptions } from "./options.ts";

/** Where registries are, as they were last looked for. */
export type KeptPlaces = {
  readonly current: () => Places;
  /** Looks for them anew. What cannot be looked for stays as it was, and that is said. */
  readonly find: () => Promise<void>;
};

/** `hasEntries` tells of a registry whether the last reading of it found any. */
export function newPlaces(options: WatchOptions, hasEntries: (target: Target) => boolean, notice: Notices["notice"]): KeptPlaces {
  let places: Places = options;
  return {
    current: () => places,
    find: async () => {
      try {
        const found = options.findPlaces();
        const ids = new Set(found.targets.map(registryId));
        // The agent that led to it has ended, perhaps, and what it registered is to go.
        const claimed = places.targets.filter((one) => !ids.has(registryId(one)) && hasEntries(one));
        places = { ...found, targets: [...found.targets, ...claimed] };
        await notice("places", undefined);
      } catch (error) {
        await notice("places", `registries could not be looked for anew: ${String(error)}`);
      }
    },
  };
}
