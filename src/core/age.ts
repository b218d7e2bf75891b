import { sleptAtLeast } from "./clocks/sleep.ts";
import type { Scene } from "./scene.ts";

/**
 * How old an entry is, in ms, and from what that is known; or why it cannot be known. Time that the machine slept is
 * taken off, as far as it must have slept then, and told beside it.
 */
export type Age =
  | { readonly known: true; readonly ms: number; readonly sleptMs: number; readonly from: string }
  | { readonly known: false; readonly why: string };

type Stamp = { readonly at: number; readonly from: string };

/**
 * The newest time that an entry has, its own file's among them where it has one. A time in the future is no evidence.
 * Asked twice for every entry, so no list is made of the few times.
 */
export function newestStamp(
  nowMs: number,
  { registeredAt, lastActivityAt }: Scene["claim"],
  writtenAt: number | undefined,
): Stamp | undefined {
  let at = Number.NEGATIVE_INFINITY;
  let from = "";
  if (registeredAt !== undefined && registeredAt <= nowMs) {
    at = registeredAt;
    from = "registered";
  }
  if (lastActivityAt !== undefined && lastActivityAt <= nowMs && lastActivityAt > at) {
    at = lastActivityAt;
    from = "last active";
  }
  if (writtenAt !== undefined && writtenAt <= nowMs && writtenAt > at) {
    at = writtenAt;
    from = "written";
  }
  return from === "" ? undefined : { at, from };
}

/**
 * Whether one of an entry's times tells nothing: it is written in a way that is no time, or lies in the future, as that of a
 * zone does which its writer takes for UTC. It may be newer than all others, so that these do not tell how long it was silent.
 */
export function hasUntoldTime(nowMs: number, { hasUnreadTime, registeredAt, lastActivityAt, lastHeartbeatAt }: Scene["claim"]): boolean {
  return hasUnreadTime === true || [registeredAt, lastActivityAt, lastHeartbeatAt].some((at) => at !== undefined && at > nowMs);
}

/** The newest time that an entry states and that is not in the future. */
export function newestClaimed(nowMs: number, { registeredAt, lastActivityAt }: Scene["claim"]): number | undefined {
  const registered = registeredAt !== undefined && registeredAt <= nowMs ? registeredAt : undefined;
  if (lastActivityAt === undefined || lastActivityAt > nowMs) return registered;
  return registered === undefined || lastActivityAt > registered ? lastActivityAt : registered;
}

/**
 * The age that the grace period asks for. Without a usable time the age has two lower bounds: the entry is at least
 * as old as its container's last change, and as old as sweeps have seen its very bytes. After a clock step only the
 * second is left.
 */
export function ageOf(scene: Scene): Age {
  const { clock } = scene.evidence;
  const { modifiedAt, oneFile } = scene.registry;
  if (!clock.wallMs.seen) return { known: false, why: clock.wallMs.why };
  if (!modifiedAt.seen) return { known: false, why: modifiedAt.why };
  const nowMs = clock.wallMs.value;
  const { seenForMs, clockStepped } = scene.memory;
  if (clockStepped) return { known: true, ms: seenForMs, sleptMs: 0, from: "first seen" };
  const { sleeps } = scene.evidence.time;
  if (!sleeps.seen) return { known: false, why: sleeps.why };
  const awakeSince = (at: number, from: string): Age & { readonly known: true } => {
    const sleptMs = sleptAtLeast(sleeps.value, at);
    return { known: true, ms: nowMs - at - sleptMs, sleptMs, from };
  };
  const newest = newestStamp(nowMs, scene.claim, oneFile ? modifiedAt.value : undefined);
  if (newest !== undefined) return awakeSince(newest.at, newest.from);
  const sinceChange = awakeSince(modifiedAt.value, "file written");
  if (sinceChange.ms >= seenForMs) return sinceChange;
  if (seenForMs > 0) return { known: true, ms: seenForMs, sleptMs: 0, from: "first seen" };
  return { known: false, why: "the entry has no usable time, and its file was changed in the future" };
}
