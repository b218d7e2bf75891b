import type { Message } from "./answer.ts";
import type { Registration } from "./registration.ts";

/**
 * Why an entry claims nothing: it was released, and has not been taken up again since; or its writer keeps it on purpose.
 * Undefined for any other.
 */
export function noClaim({ releasedAt, keptFor, registeredAt, lastActivityAt, lastHeartbeatAt }: Registration): Message | undefined {
  if (keptFor !== undefined) return `it says ${keptFor}`;
  if (releasedAt === undefined) return undefined;
  const isTakenUp = [registeredAt, lastActivityAt, lastHeartbeatAt].some((time) => time !== undefined && time > releasedAt);
  if (isTakenUp) return undefined;
  return Number.isNaN(releasedAt) ? "it was released" : () => `it was released at ${new Date(releasedAt).toISOString()}`;
}
