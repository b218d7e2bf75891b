import { newestClaimed } from "../../core/age.ts";
import type { Clock } from "../../core/evidence.ts";
import { heldAs } from "../../core/agents/observed-holders.ts";
import type { Remembered } from "../../core/memory/recall.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { Claim } from "../../registries/format.ts";
import { containerOf, type Entry, type ReadRegistry } from "../load/loaded.ts";
import { registryId } from "../load/target.ts";

export type UnderstoodClaim = Extract<Claim, { ok: true }>;

/** When a registry last changed, in epoch ms. What a database holds can be in its log. */
export function containerTimes(loaded: ReadRegistry): { readonly ino: bigint; readonly mtimeMs: number; readonly ctimeMs: number } {
  const { stat } = containerOf(loaded);
  const ino = stat?.ino ?? 0n;
  if (loaded.kind === "rows") return { ino, mtimeMs: loaded.file.modifiedMs, ctimeMs: loaded.file.changedMs };
  return { ino, mtimeMs: Number(stat?.mtimeMs), ctimeMs: Number(stat?.ctimeMs) };
}

/** When an entry's container last changed, in epoch ms: its own file, or the one that it shares. */
function modifiedMs(loaded: ReadRegistry, { place }: Entry): number {
  return place.kind === "file" ? place.state.mtimeMs : containerTimes(loaded).mtimeMs;
}

/**
 * Text that changes when an entry does. Where only a file's name was understood, that is the same for every process that
 * ever has its pid: then its file's state tells one from the next.
 */
export function identityTextOf({ place }: Entry, { identityText, torn }: UnderstoodClaim): string {
  if (place.kind !== "file" || !(torn || place.bytes === undefined)) return identityText();
  const { ino, size, mtimeMs } = place.state;
  return `${identityText()}\0${ino} ${size} ${mtimeMs}`;
}

/**
 * Text that changes whenever the bytes that hold an entry are written, also with the same words. An end that was seen is the
 * entry's only while they are as the holder left them: a later process of its pid that registers writes them.
 */
export function writtenTextOf(loaded: ReadRegistry, entry: Entry, claim: UnderstoodClaim): string {
  const { place } = entry;
  // Of a server's row its own transaction tells, and there is no file.
  const version = loaded.kind === "rows" && place.kind === "row" ? loaded.rows[place.index]?.version : undefined;
  if (version !== undefined) return `${identityTextOf(entry, claim)}\0xmin ${version}`;
  const { ino, mtimeMs, ctimeMs } = place.kind === "file" ? place.state : containerTimes(loaded);
  return `${identityTextOf(entry, claim)}\0${ino} ${mtimeMs} ${ctimeMs}`;
}

/** What memory is asked about an entry that can be understood. */
export function remembered(host: LookingHost, loaded: ReadRegistry, entry: Entry, claim: UnderstoodClaim, clock: Clock): Remembered {
  // Without a usable time an entry ages from its file's, which the same clock wrote.
  const stated = clock.wallMs.seen ? newestClaimed(clock.wallMs.value, claim.registration) : undefined;
  const statedAt = stated ?? modifiedMs(loaded, entry);
  return {
    registry: loaded.target.path,
    registryId: registryId(loaded.target),
    key: entry.key,
    digest: () => host.digest(identityTextOf(entry, claim)),
    statedAt,
    heartbeatAt: claim.registration.lastHeartbeatAt,
    unreadBeat: () => (claim.unreadBeat === undefined ? undefined : host.digest(claim.unreadBeat)),
    heldAs: () => heldAs(claim.registration),
  };
}
