import { expect, test } from "vitest";
import { jsonArray } from "../../../src/registries/declared/json-array.ts";
import { fields } from "../../fields.ts";
import { restoreInto } from "../../sweep-options.ts";
import type { Actor, Stage } from "../contract/stage.ts";
import { agentsOf } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { row, sweepWith } from "../described.ts";

const format = jsonArray({ entries: "", pattern: "", fields, about: "process" });

type Element = readonly [id: string | undefined, state: "gone" | "alive"];

/** An array whose elements state these ids, or none; those of the gone are ghosts. */
async function arrayOf(...elements: readonly Element[]) {
  const stage = simulatedStage();
  const actors = { gone: await stage.gone(), alive: await stage.alive() } as const;
  const path = `${stage.root}/agents.json`;
  const one = (id: string | undefined, actor: Actor, nth: number): object => row(actor, { ...(id !== undefined && { id }), nth });
  const list = elements.map(([id, state], nth) => one(id, actors[state], nth));
  const text = JSON.stringify(list, undefined, 1);
  stage.writeOld(path, text);
  const target = { ...agentsOf(stage), format };
  return { stage, path, target, text };
}

const numbersIn = (stage: Stage, path: string): readonly unknown[] =>
  (JSON.parse(stage.read(path) ?? "[]") as readonly { readonly nth: unknown }[]).map(({ nth }) => nth);

const scenes: Readonly<Record<string, readonly [elements: readonly Element[], keys: readonly string[], stay: readonly number[]]>> = {
  "three of one name, and one that is called like the second": [
    [
      ["a", "gone"],
      ["a", "gone"],
      ["a #2", "gone"],
      ["a", "alive"],
    ],
    ["a", "a #3", "a #2", "a #4"],
    [3],
  ],
  "the first of two of one name": [
    [
      ["a", "gone"],
      ["a", "alive"],
    ],
    ["a", "a #2"],
    [1],
  ],
  "one that is called by a number, between others without a name": [
    [
      ["1", "gone"],
      [undefined, "gone"],
      ["b", "alive"],
    ],
    ["1", expect.stringContaining("pid ") as string, "b"],
    [2],
  ],
};

test.each(Object.entries(scenes))(
  "of an array every ghost goes, and all come back to their places: %s",
  async (_, [elements, keys, stay]) => {
    const { stage, path, target, text } = await arrayOf(...elements);
    const { entries } = await sweepWith(stage, [target]);
    expect(entries.map(({ key }) => key)).toEqual(keys);
    expect(entries.map(({ action }) => action)).toEqual(elements.map(([, state]) => (state === "gone" ? "reaped" : "kept")));
    expect(numbersIn(stage, path)).toEqual(stay);
    const { outcomes } = await restoreInto(stage.host, target, stage.tombstones());
    expect(outcomes.map(({ action }) => action)).toEqual(elements.flatMap(([, state]) => (state === "gone" ? ["restored"] : [])));
    expect([stage.read(path), stage.tombstones()]).toEqual([text, []]);
    const again = await sweepWith(stage, [target]);
    expect(again.entries.map(({ action, reason }) => `${action} ${reason}`)).toEqual(
      elements.map(([, state]) => (state === "gone" ? "kept restored" : "kept pid-alive")),
    );
  },
);

test("of two ghosts of one name each can be put back alone, and the mark is that of its own element", async () => {
  const { stage, path, target } = await arrayOf(["a", "gone"], ["a", "gone"]);
  await sweepWith(stage, [target]);
  const [, second] = stage.tombstones();
  if (second === undefined) throw new Error("there is no second tombstone");
  await restoreInto(stage.host, target, [second]);
  expect(numbersIn(stage, path)).toEqual([1]);
  const { entries } = await sweepWith(stage, [target]);
  expect(entries).toMatchObject([{ key: "a", action: "kept", reason: "restored" }]);
  await restoreInto(stage.host, target, stage.tombstones());
  expect(new Set(numbersIn(stage, path))).toEqual(new Set([0, 1]));
});

test("an element that registered its session anew is a newcomer", async () => {
  const { stage, path, target } = await arrayOf(["a", "gone"], ["b", "alive"]);
  await sweepWith(stage, [target]);
  const rest = JSON.parse(stage.read(path) ?? "[]") as object[];
  stage.writeOld(path, JSON.stringify([...rest, row(await stage.alive(), { id: "a", nth: 7 })]));
  const { outcomes } = await restoreInto(stage.host, target, stage.tombstones());
  expect(outcomes.map(({ action }) => action)).toEqual(["newcomer"]);
  expect(numbersIn(stage, path)).toEqual([1, 7]);
});

test("of two ghosts of one name one comes back beside a newcomer, and the other is left out", async () => {
  const { stage, path, target } = await arrayOf(["a", "gone"], ["a", "gone"], ["b", "alive"]);
  await sweepWith(stage, [target]);
  const rest = JSON.parse(stage.read(path) ?? "[]") as object[];
  stage.writeOld(path, JSON.stringify([...rest, row(await stage.alive(), { id: "a", nth: 7 })]));
  const { outcomes } = await restoreInto(stage.host, target, stage.tombstones());
  expect(outcomes.map(({ action }) => action)).toEqual(["restored", "newcomer"]);
  expect(new Set(numbersIn(stage, path))).toEqual(new Set([0, 2, 7]));
});
