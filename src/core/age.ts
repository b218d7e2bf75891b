import type { Scene } from "./scene.ts";

/** How old an entry is, in ms, and from what that is known; or why it cannot be known. */
export type Age = { readonly known: true; readonly ms: number; readonly from: string } | { readonly known: false; readonly why: string };

type Stamp = { readonly at: number; readonly from: string };

/** The newest of the given times that is not in the future; a time in the future is no evidence. */
export function newestPast(
  nowMs: number,
  stamps: readonly { readonly at: number | undefined; readonly from: string }[],
): Stamp | undefined {
  let newest: Stamp | undefined;
  for (const { at, from } of stamps) {
    if (at === undefined || at > nowMs) continue;
    if (newest === undefined || at > newest.at) newest = { at, from };
  }
  return newest;
}

/** The newest time that an entry states and that is not in the future. */
export function newestClaimed(nowMs: number, { registeredAt, lastActivityAt }: Scene["claim"]): number | undefined {
  const registered = registeredAt !== undefined && registeredAt <= nowMs ? registeredAt : undefined;
  if (lastActivityAt === undefined || lastActivityAt > nowMs) return registered;
  return registered === undefined || lastActivityAt > registered ? lastActivityAt : registered;
}

export function claimedTimes({ claim }: Scene): readonly { readonly at: number | undefined; readonly from: string }[] {
  return [
    { at: claim.registeredAt, from: "registered" },
    { at: claim.lastActivityAt, from: "last active" },
  ];
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
  const seenFor: Age = { known: true, ms: scene.memory.seenForMs, from: "first seen" };
  if (scene.memory.clockStepped) return seenFor;
  const fileTime = oneFile ? [{ at: modifiedAt.value, from: "written" }] : [];
  const newest = newestPast(nowMs, [...claimedTimes(scene), ...fileTime]);
  if (newest !== undefined) return { known: true, ms: nowMs - newest.at, from: newest.from };
  const sinceChange = nowMs - modifiedAt.value;
  if (sinceChange >= seenFor.ms) return { known: true, ms: sinceChange, from: "file written" };
  return seenFor.ms > 0 ? seenFor : { known: false, why: "the entry has no usable time, and its file was changed in the future" };
}
