import type { Registration } from "../registration.ts";

/** What decides who gets an identity's signals. */
export type Routed = Pick<Registration, "master" | "lastActivityAt" | "lastHeartbeatAt">;

/** Descending; a time that was not recorded comes last. */
function latestFirst(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  return b === undefined ? -1 : b - a;
}

/**
 * The order in which signals should go: the master, then the row with the last verb, then the row with the last heartbeat. A
 * heartbeat is never engagement: it only decides between those that never spoke, or spoke in the same moment.
 */
export function compareRoutes(a: Routed, b: Routed): number {
  return (
    Number(b.master) - Number(a.master) ||
    latestFirst(a.lastActivityAt, b.lastActivityAt) ||
    latestFirst(a.lastHeartbeatAt, b.lastHeartbeatAt)
  );
}

/** By what the first of them came before the second, in words. */
export function whyBefore(a: Routed, b: Routed | undefined): string {
  if (b === undefined) return a.master ? "master" : "the only one, or the last";
  if (a.master !== b.master) return "master";
  if (a.lastActivityAt !== b.lastActivityAt) return b.lastActivityAt === undefined ? "it has spoken" : "it spoke later";
  if (a.lastHeartbeatAt !== b.lastHeartbeatAt) return "later heartbeat, for want of better";
  return "nothing tells them apart; as registered";
}
