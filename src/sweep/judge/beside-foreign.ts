import { newestClaimed } from "../../core/age.ts";
import { countedBy, since, valueOf } from "../../core/clocks/since.ts";
import { seen } from "../../core/evidence.ts";
import { isForeign } from "../../core/identity/whereabouts.ts";
import type { Memory } from "../../core/memory.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { World } from "../observe/observe.ts";

/**
 * Whether another host, kernel or pid namespace writes into a registry, too: the configuration says so, or an entry of the
 * same directory does. Where an entry beside that one says nothing, its pid may be one of theirs.
 */
export function isBesideForeign(loaded: ReadRegistry, { here, clock }: World, memory: Memory): boolean {
  if (loaded.target.shared === true) return true;
  if (loaded.kind !== "files") return false;
  const last = since(memory, clock, countedBy(here));
  const nowMs = valueOf(clock, "wallMs") ?? Number.POSITIVE_INFINITY;
  return loaded.opened.some(({ claim, place }) => {
    if (!claim.ok || place.kind !== "file") return false;
    const { mtimeMs, ctimeMs } = place.state;
    const statedAt = newestClaimed(nowMs, claim.registration) ?? mtimeMs;
    const clockStepped = last.clockStepped || (memory.steppedAtMs !== undefined && statedAt < memory.steppedAtMs);
    const written = { oneFile: true, modifiedAt: seen(mtimeMs), changedAt: seen(ctimeMs), seenInEarlierBoot: false, clockStepped };
    return isForeign(claim.registration, here, written, clock);
  });
}
