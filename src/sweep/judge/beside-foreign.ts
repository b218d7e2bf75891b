import { newestClaimed } from "../../core/age.ts";
import { countedBy, since, valueOf } from "../../core/clocks/since.ts";
import { seen } from "../../core/evidence.ts";
import { isForeign } from "../../core/identity/whereabouts.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";
import type { World } from "../observe/observe.ts";

/** Entries that may say so, and when what holds them was last changed. */
function* statedIn(
  loaded: ReadRegistry,
): Generator<{ readonly entry: Entry; readonly mtimeMs: number; readonly ctimeMs: number }, undefined> {
  if (loaded.kind === "files") for (const entry of loaded.opened) if (entry.place.kind === "file") yield { entry, ...entry.place.state };
  if (loaded.kind === "rows" && loaded.elsewhere)
    for (const entry of loaded.entries) yield { entry, mtimeMs: loaded.file.modifiedMs, ctimeMs: loaded.file.changedMs };
}

/**
 * Whether another host, kernel or pid namespace writes into a registry, too: the configuration says so, or an entry of the
 * same directory or a row of the same table does. Where an entry beside that one says nothing, its pid may be one of theirs.
 */
export function isBesideForeign(loaded: ReadRegistry, { here, clock }: World, memory: Memory): boolean {
  if (loaded.target.shared === true) return true;
  const last = since(memory, clock, countedBy(here));
  const nowMs = valueOf(clock, "wallMs") ?? Number.POSITIVE_INFINITY;
  const oneFile = loaded.kind === "files";
  for (const { entry, mtimeMs, ctimeMs } of statedIn(loaded)) {
    if (!entry.claim.ok) continue;
    const { registration } = entry.claim;
    const statedAt = newestClaimed(nowMs, registration) ?? mtimeMs;
    const clockStepped = last.clockStepped || (memory.steppedAtMs !== undefined && statedAt < memory.steppedAtMs);
    const written = { oneFile, modifiedAt: seen(mtimeMs), changedAt: seen(ctimeMs), seenInEarlierBoot: false, clockStepped };
    if (isForeign(registration, here, written, clock)) return true;
  }
  return false;
}
