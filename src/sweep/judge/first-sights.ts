import { firstSightNow, needsFirstSight, type FirstSight } from "../../core/identity/first-sight.ts";
import { isOnOtherHost } from "../../core/identity/whereabouts.ts";
import type { Judgement } from "../../core/ladder.ts";
import type { EntryMemory } from "../../core/memory/memory.ts";
import type { Scene } from "../../core/scene.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";
import { registryId } from "../load/target.ts";
import type { LookingPass, RegistryView } from "../pass.ts";

/**
 * All that tells an entry from one that was written after it. A file's time of change moves with each write, also where
 * its writer sets the time of modification back.
 */
function wholeTextOf(loaded: ReadRegistry, { key, place }: Entry): string {
  if (place.kind === "member") {
    if (loaded.kind !== "members") throw new TypeError("a member stands in one file with others");
    const { members } = loaded.container;
    return loaded.file.bytes.toString("latin1", members.valueStart(place.index), members.end(place.index));
  }
  if (place.kind === "row") {
    if (loaded.kind !== "rows") throw new TypeError("a row stands in a table");
    return JSON.stringify(loaded.rows[place.index]?.literals);
  }
  const { ino, size, mtimeMs, ctimeMs } = place.state;
  return `${key}\0${place.bytes?.toString("latin1") ?? ""}\0${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** When a sweep first saw the very entry that stands there now; undefined where that is not remembered. */
export function firstSightOf({ host, memory }: LookingPass, loaded: ReadRegistry, entry: Entry): FirstSight | undefined {
  if (memory.firstSights.size === 0) return undefined;
  const before = memory.firstSights.get(registryId(loaded.target))?.get(entry.key);
  return before === undefined || before.as !== host.digest(wholeTextOf(loaded, entry)) ? undefined : before;
}

/** The first sight of an entry that is to be remembered: that of an earlier sweep, or this one. */
export function sightToKeep(
  { host }: LookingPass,
  { loaded, evidence }: RegistryView,
  { entry, memory }: { readonly entry: Entry; readonly memory: EntryMemory },
): FirstSight | undefined {
  return memory.firstSight ?? firstSightNow(host.digest(wholeTextOf(loaded, entry)), evidence.here, evidence.clock);
}

/** Whether a first sight is remembered. What is proven dead goes, and what is foreign is not judged by a pid of ours. */
export function needsSight({ claim, registry, evidence, memory }: Scene, { verdict, certain }: Judgement): boolean {
  // By a clock that was stepped it cannot be told in which boot an entry was written.
  const isUndated = claim.bootId !== undefined && memory.clockStepped;
  if (!(isUndated || needsFirstSight(claim, registry)) || (verdict === "ghost" && certain)) return false;
  return !isOnOtherHost(claim, evidence.here);
}
