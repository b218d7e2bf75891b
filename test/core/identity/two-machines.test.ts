import { assert as assertProperty, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { contestedReason, unprovenReason, type HostRow } from "../../../src/core/identity/contested-name.ts";
import { seen } from "../../../src/core/evidence.ts";

const minute = 60_000;
const periodMs = 5 * minute;

/** The row of one name in a server's table of machines, as statements write it. */
type Kept = { bootId: string; seenAt: number; aloneMs: number; contestedAt: number | undefined };

const aloneAt = ({ aloneMs, seenAt }: Kept, nowMs: number): number => aloneMs + Math.min(nowMs - seenAt, periodMs);

/** One sweep of a machine that has been up for long. Returns the row after it, and whether it may change rows of the name. */
function swept(row: Kept | undefined, bootId: string, nowMs: number): { readonly after: Kept; readonly isProven: boolean } {
  if (row === undefined) return { after: { bootId, seenAt: nowMs, aloneMs: 0, contestedAt: undefined }, isProven: false };
  const own: HostRow = {
    bootId: row.bootId,
    machineId: undefined,
    pidNamespace: undefined,
    seenAgoMs: nowMs - row.seenAt,
    contestedAgoMs: row.contestedAt === undefined ? undefined : nowMs - row.contestedAt,
    aloneMs: aloneAt(row, nowMs),
  };
  if (contestedReason(own, { bootId, machineId: undefined, upMs: Number.POSITIVE_INFINITY }, "venus") !== undefined)
    return { after: { ...row, contestedAt: nowMs, aloneMs: 0 }, isProven: false };
  const here = { bootId: seen(bootId), pidNamespace: seen({ inode: "1", initial: true }) };
  const isProven = unprovenReason({ hasHosts: true, own }, here, "venus") === undefined;
  return { after: { ...row, bootId, seenAt: nowMs, aloneMs: row.bootId === bootId ? aloneAt(row, nowMs) : 0 }, isProven };
}

const boots = ["019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f1", "019dc6b7-1fd0-7e50-8f3e-3a0f0ad5c2f2"] as const;

/** The minutes at which either machine may change rows of the name though the other had been found before. */
function wronglyProvenMinutes(every: number, othersEvery: number, firstAt: number): readonly number[] {
  const wrong: number[] = [];
  let row: Kept | undefined;
  for (let at = 0; at < 7 * 24 * 60; at += 1) {
    const sweeping = [at % every === 0, at >= firstAt && (at - firstAt) % othersEvery === 0];
    for (const [nth, bootId] of boots.entries()) {
      if (sweeping[nth] !== true) continue;
      const wasFound = row?.contestedAt !== undefined;
      const { after, isProven } = swept(row, bootId, at * minute);
      row = after;
      if (wasFound && isProven) wrong.push(at);
    }
  }
  return wrong;
}

test("of two machines of one name neither changes a row once one has found the other, however seldom they sweep", () => {
  const everyMinutes = integer({ min: 5, max: 12 * 60 });
  assertProperty(
    property(everyMinutes, everyMinutes, integer({ min: 1, max: 12 * 60 }), (every, othersEvery, firstAt) => {
      expect(wronglyProvenMinutes(every, othersEvery, firstAt)).toStrictEqual([]);
    }),
    { numRuns: 300 },
  );
});
