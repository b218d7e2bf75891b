import { describe, expect, test } from "vitest";
import { Control } from "./control.ts";
import { History } from "./history.ts";
import { worldNames, type World } from "./worlds.ts";

/** So many histories are told until one breaks a law, and so many where none is to. */
const [enough, few] = [80, 8];
const sweepsEach = 24;

/** Worlds in which the rules of 0.1.0 hold, too: what ours have for them no law of the machine can show. */
const held: ReadonlySet<World> = new Set(["short-ids", "onlookers", "zombies"]);

/** The first of a few histories in which the rules of 0.1.0 reap what runs. Ours are held to every law in the same ones. */
async function firstBroken(world: World | undefined, seeds: number): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const control = new Control();
    const history = new History(seed, { worlds: new Set(world === undefined ? [] : [world]), control });
    await history.run(sweepsEach);
    if (control.broken !== undefined) return `seed ${seed}: ${control.broken.reason}, though ${control.broken.why}`;
  }
  return undefined;
}

describe("the rules of 0.1.0, in the histories in which ours keep every law,", () => {
  test("reap nothing that runs where the machine is as they expected it", async () => {
    expect(await firstBroken(undefined, 2 * few)).toBeUndefined();
  });

  test.each(worldNames.filter((world) => !held.has(world)))("reap what runs in the world of %s", async (world) => {
    expect(await firstBroken(world, enough)).toBeDefined();
  });

  test.each([...held])("reap nothing that runs in the world of %s", async (world) => {
    expect(await firstBroken(world, few)).toBeUndefined();
  });
});
