import { formatDuration } from "../duration.ts";
import type { Registration } from "../registration.ts";

/** So many new session ids in a row, each within this many ms of the one before, are a loop and no work. */
export const flappingLimits = { ids: 4, gapMs: 30_000 } as const;

/** A re-register loop: how many ids it went through, in how long. */
export type Flapping = { readonly ids: number; readonly spanMs: number };

/** An identity in a re-register loop, and the path of its registry. */
export type FlappingIdentity = Flapping & { readonly registry: string; readonly identity: string };

export function formatFlapping({ registry, identity, ids, spanMs }: FlappingIdentity): string {
  return `${identity} of ${registry} is flapping: ${ids} session ids in ${formatDuration(spanMs)}; nothing of it is superseded`;
}

/**
 * Whether one identity takes a new session id every few seconds. That happens when a background thread registers each
 * released row again. Returns the longest such run; no row of a flapping identity is ever superseded.
 */
export function flappingOf(rows: readonly Pick<Registration, "sessionId" | "registeredAt">[]): Flapping | undefined {
  const starts = rows
    .flatMap(({ sessionId, registeredAt }) =>
      sessionId === undefined || registeredAt === undefined ? [] : [{ sessionId, at: registeredAt }],
    )
    .toSorted((a, b) => a.at - b.at)
    // Several in one moment are no loop: a loop takes one id after another.
    .filter((start, index, all) => start.at !== all[index - 1]?.at);
  let worst: Flapping | undefined;
  let [ids, beganAt, lastAt] = [new Set<string>(), 0, Number.NEGATIVE_INFINITY];
  for (const { sessionId, at } of starts) {
    if (at - lastAt > flappingLimits.gapMs) [ids, beganAt] = [new Set(), at];
    ids.add(sessionId);
    lastAt = at;
    if (ids.size >= flappingLimits.ids && ids.size > (worst?.ids ?? 0)) worst = { ids: ids.size, spanMs: at - beganAt };
  }
  return worst;
}
