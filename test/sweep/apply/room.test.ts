import { expect, test } from "vitest";
import { emptyMemory, type Memory } from "../../../src/core/memory/memory.ts";
import { roomGuard } from "../../../src/report/run-guards.ts";
import type { SweepOptions } from "../../../src/sweep/sweep.ts";
import { agentsOf, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { row, sweepWith } from "../described.ts";

const day = 86_400_000;

/** A registry with so many ghosts, each of which needs about the same room. */
async function registryOf(stage: Stage, name: string, count: number) {
  const gone = await stage.gone();
  const agents = Object.fromEntries(Array.from({ length: count }, (_, nth) => [`${name}${nth}`, row(gone)]));
  const path = `${stage.root}/${name}.json`;
  stage.writeOld(path, JSON.stringify({ agents }));
  return { ...agentsOf(stage), path };
}

/** How many went of each registry, with room for so many bytes of tombstones. */
async function reapedWith(room: number, counts: Readonly<Record<string, number>>) {
  const stage = simulatedStage();
  const targets = await Promise.all(Object.entries(counts).map(([name, count]) => registryOf(stage, name, count)));
  const { entries } = await sweepWith(stage, targets, { store: { tombstoneRoom: () => room } });
  const went = entries.filter(({ action }) => action === "reaped");
  return Object.fromEntries(Object.keys(counts).map((name) => [name, went.filter(({ key }) => key.startsWith(name)).length]));
}

test("a registry with many ghosts leaves room for the smaller ones, wherever they stand", async () => {
  const { big: alone } = await reapedWith(4000, { big: 100 });
  expect(alone).toBeGreaterThan(10);
  expect(await reapedWith(4000, { big: 100, small: 2 })).toMatchObject({ small: 2 });
  expect(await reapedWith(4000, { small: 2, big: 100 })).toMatchObject({ small: 2 });
});

test("of two that need all of the room each gets half of it, and one alone gets all", async () => {
  const { big: alone = 0 } = await reapedWith(8000, { big: 100 });
  const { big = 0, huge = 0 } = await reapedWith(8000, { huge: 200, big: 100 });
  expect(Math.abs(big - huge)).toBeLessThanOrEqual(2);
  // Before the tombstones of each stands a header of their size.
  expect(big + huge).toBeGreaterThan(alone - 3);
});

test("ghosts that have waited for room for a week make a failure of the sweep, and doctor tells since when", async () => {
  const stage = simulatedStage();
  const target = await registryOf(stage, "a", 3);
  let memory: Memory = emptyMemory;
  const sweptAfter = async (days: number, room: number, those = [target], more: Partial<SweepOptions> = {}): Promise<number> => {
    const store = {
      tombstoneRoom: () => room,
      loadMemory: () => ({ memory, problem: undefined }),
      saveMemory: (next: Memory) => Promise.resolve(void (memory = next)),
    };
    stage.later(days * day);
    return (await sweepWith(stage, those, { store }, more)).exitCode;
  };
  const began = stage.now();
  expect([await sweptAfter(0, 10), await sweptAfter(7, 10)]).toEqual([0, 0]);
  // A watch has swept another registry, in which something was seen to end.
  await sweptAfter(0, 10_000, [await registryOf(stage, "b", 1)], { rest: [target] });
  // Nor does a sweep of chosen entries see the others that wait.
  const choice = { only: ["nobody"], except: [], olderThanMs: undefined, ghosts: false, home: "/home/dev" };
  await sweptAfter(0, 10_000, [target], { choice });
  expect(memory.roomlessSinceMs).toBe(began);
  expect(await sweptAfter(0.1, 10)).toBe(3);
  const about = { directory: "/state/tombstones", bytes: 2 ** 26, limit: 2 ** 26 };
  expect(roomGuard({ ...about, roomlessSinceMs: memory.roomlessSinceMs })).toMatchObject({
    posture: "off",
    cause: "no-room",
    detail: `64 MiB of 64 MiB are full, and ghosts have waited for room since ${new Date(began).toISOString()}`,
  });
  expect(await sweptAfter(1, 10_000)).toBe(0);
  expect(memory.roomlessSinceMs).toBe(undefined);
  expect(roomGuard({ ...about, bytes: 1, roomlessSinceMs: undefined })).toMatchObject({
    posture: "on",
    detail: "1 MiB of 64 MiB are full",
  });
});
