import { seen } from "../../core/evidence.ts";
import { isForeign } from "../../core/identity/whereabouts.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { World } from "../observe/observe.ts";

/**
 * Whether another host, kernel or pid namespace writes into a registry, too: the configuration says so, or an entry of the
 * same directory does. Where an entry beside that one says nothing, its pid may be one of theirs.
 */
export function isBesideForeign(loaded: ReadRegistry, { here, clock }: World): boolean {
  if (loaded.target.shared === true) return true;
  if (loaded.kind !== "files") return false;
  return loaded.opened.some(({ claim, place }) => {
    if (!claim.ok || place.kind !== "file") return false;
    const { mtimeMs, ctimeMs } = place.state;
    const times = { modifiedAt: seen(mtimeMs), changedAt: seen(ctimeMs) };
    return isForeign(claim.registration, here, { oneFile: true, ...times, seenInEarlierBoot: false, clockStepped: false }, clock);
  });
}
