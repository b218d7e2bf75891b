import { expect, test } from "vitest";
import { agentsOf } from "../contract/stage.ts";
import { outcomesOf, sweepWith, withGhosts } from "../described.ts";

test("a value that begins with a dash is not passed to the owner, and one that ends with a dash is", async () => {
  const { stage } = await withGhosts(["-a", "a-"]);
  await stage.startOwner();
  const passed: (string | undefined)[] = [];
  const target = { ...agentsOf(stage), release: ["release", "{key}"] };
  const runRelease = (_: readonly string[], values: Readonly<Record<string, string>>): Promise<undefined> => {
    passed.push(values["{key}"]);
    return Promise.resolve(undefined);
  };
  const outcomes = outcomesOf(await sweepWith(stage, [target], { runRelease }));
  expect(passed).toEqual(["a-"]);
  expect(outcomes.slice(0, 2)).toEqual([
    expect.stringMatching(/^-a withheld; its owner is up.*would take \{key\} for an option/),
    expect.stringMatching(/^a- failed; .*the entry is still there/),
  ]);
});
