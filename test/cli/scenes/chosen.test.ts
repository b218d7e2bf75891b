import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { by, daysAgo, declareRegistry, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { fields } from "../../fields.ts";
import { gonePid, idle } from "../../processes.ts";

async function machine() {
  const scratch = newScratch();
  const [{ pid }, alive] = [await gonePid(), await idle()];
  const path = declareRegistry(scratch, { fields: { ...fields, cwd: "cwd" } });
  const dead = (cwd: string, days: number): object => ({ pid, since: daysAgo(days), cwd, id: randomUUID() });
  const entries = {
    docs: dead(`${scratch.home}/src/docs`, 1),
    "docs-old": dead(`${scratch.home}/src/docs`, 9),
    ageless: { pid, cwd: "/srv" },
    living: { pid: alive.pid, start: alive.startTicks, since: daysAgo(1) },
  };
  const write = (): string => writeOld(path, JSON.stringify(entries));
  write();
  return { scratch, write, keys: (): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object) };
}

test("what was chosen goes, and all else is judged, counted and kept", async () => {
  const { scratch, keys } = await machine();
  const report = await sweepReport(scratch, ["--only", "docs*", "--older-than", "2d"]);
  expect(by(report, "verdict", "action", "selected")).toEqual({
    docs: "ghost kept false",
    "docs-old": "ghost reaped true",
    ageless: "ghost kept false",
    living: "live kept false",
  });
  expect(report.summary).toMatchObject({ ghost: 3, live: 1, reaped: 1 });
  expect(keys()).toEqual(["docs", "ageless", "living"]);
});

test.each([
  [
    ["--only", "~/src/*"],
    ["ageless", "living"],
  ],
  [
    ["--except", "*docs*"],
    ["docs", "docs-old", "living"],
  ],
  [
    ["--except", "keyed-json:docs", "--except", "/srv"],
    ["docs", "ageless", "living"],
  ],
  [
    ["--only", "living"],
    ["docs", "docs-old", "ageless", "living"],
  ],
  [
    ["--only", "nobody"],
    ["docs", "docs-old", "ageless", "living"],
  ],
])("with %o there is left what was not chosen, and who lives", async (words, left) => {
  const { scratch, keys } = await machine();
  expect((await sessreap(scratch, words)).code).toBe(0);
  expect(keys()).toEqual(left);
});

test("a screen shows and counts what was chosen, and so does the exit code", async () => {
  const { scratch } = await machine();
  const { stdout } = await sessreap(scratch, ["list", "--only", "docs"]);
  expect(stdout).toMatch(/^- docs +24h/m);
  expect(stdout).not.toMatch(/docs-old|living|ageless/);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe("4 registrations: 3 ghosts (1 would be reaped), 1 live; 1 of 3 chosen");
  expect((await sessreap(scratch, ["list", "--ghosts"])).stdout).not.toContain("living");
  expect((await sessreap(scratch, ["-n", "--exit-code", "--except", "*"])).code).toBe(0);
  expect((await sessreap(scratch, ["-n", "--exit-code", "--only", "docs"])).code).toBe(10);
});

test.each([
  [["--older-than", "soon"], '--older-than: "soon" is not a duration'],
  [["--only="], "--only: the pattern is empty"],
])("%o is a mistake before anything is touched", async (words, said) => {
  const { scratch, keys } = await machine();
  expect(await sessreap(scratch, words)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) as string });
  expect(keys()).toHaveLength(4);
});
