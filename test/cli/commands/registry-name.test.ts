import { expect, test } from "vitest";
import { daysAgo, declareRegistry, newScratch, sessreap, writeOld } from "../harness.ts";
import { fields } from "../../fields.ts";
import { idle } from "../../processes.ts";

async function screens(name: string): Promise<string> {
  const scratch = newScratch();
  const { pid, startTicks } = await idle();
  const path = declareRegistry(scratch, { fields, name });
  writeOld(path, JSON.stringify({ venus: { pid, start: startTicks, since: daysAgo(1) } }));
  const [list, explain] = [await sessreap(scratch, ["list"]), await sessreap(scratch, ["explain", "venus"])];
  expect([list.code, explain.code]).toEqual([0, 0]);
  return `${list.stdout}${explain.stdout}`;
}

test("a registry is called what its user calls it", async () => {
  expect((await screens("night crew")).match(/night crew/g)).toHaveLength(2);
});

test("a name that turns the line around is shown as what it is", async () => {
  const shown = await screens("crew\u202e");
  expect(shown).toContain("crew\\u202e");
  expect(shown).not.toContain("\u202e");
});

test.each([
  ["", /name: "" is an empty name/],
  [" ", /name: " " is an empty name/],
  ["x".repeat(41), /name: "x+" is longer than 40 letters/],
  ["a\u001b[2Jb", /name: "a.+b" is not a name: it holds a control character/],
])("%j is no name", async (name, problem) => {
  const scratch = newScratch();
  declareRegistry(scratch, { fields, name });
  const { code, stderr } = await sessreap(scratch, ["list"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(problem)]);
});
