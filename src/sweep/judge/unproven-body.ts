import type { Evidence } from "../../core/evidence.ts";
import { secondLookMs } from "../../core/policy.ts";
import type { Scene } from "../../core/scene.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/**
 * Whether a file may go on that was written a moment ago: it ends in a digit, and half of a number is another number. A link
 * is made whole.
 */
function isHalfWritten({ target }: ReadRegistry, { place }: Entry, { clock: { wallMs } }: Evidence): boolean {
  if (place.kind !== "file" || target.format.body === "link" || !isDigit(place.bytes?.at(-1))) return false;
  return !wallMs.seen || Math.abs(wallMs.value - place.state.mtimeMs) < secondLookMs;
}

/** Why what an entry says is no proof of a death; undefined where it is, or where this run saw its holder end. */
export function unprovenBody(loaded: ReadRegistry, entry: Entry, { evidence, memory }: Scene, torn: boolean): string | undefined {
  if (torn) return "its body is torn";
  if (memory.ending?.exit !== undefined || !isHalfWritten(loaded, entry, evidence)) return undefined;
  return "it was written a moment ago, and its last number may go on";
}
