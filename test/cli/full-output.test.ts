import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gonePid } from "../processes.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, writeOld } from "./harness.ts";

const isThere = existsSync("/dev/full");
if (!isThere) leaveOut("an output that takes nothing", "there is no /dev/full");

const into = (redirection: string): readonly string[] => ["sh", "-c", `exec "$@" ${redirection}`, "sh"];

describe.skipIf(!isThere)("an output that takes nothing", () => {
  test.each([["list"], ["list --json"], ["-n"], ["-n --json"], ["doctor"], ["config"], ["explain ghost --json"], ["--version"], ["help"]])(
    "sessreap %s says so in a line, and that is no fault of sessreap",
    async (line) => {
      const scratch = newScratch();
      writeOld(declareRegistry(scratch), JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } }));
      const { code, stderr } = await sessreap(scratch, line.split(" "), { under: into("> /dev/full") });
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining("standard output cannot be written: no space left on device"),
      });
      expect(stderr).not.toMatch(/fault in sessreap|node:|\.cjs/);
    },
  );

  test("both of them: the code alone says it", async () => {
    const { code, stderr } = await sessreap(newScratch(), ["list", "--json"], { under: into("> /dev/full 2> /dev/full") });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });

  test("of a sweep that reaped: what it did is done, and remembered", async () => {
    const scratch = newScratch();
    const path = declareRegistry(scratch);
    writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since: daysAgo(1) } }));
    expect((await sessreap(scratch, [], { under: into("> /dev/full") })).code).toBe(1);
    expect(readFileSync(path, "utf8")).not.toContain("ghost");
    expect((await sessreap(scratch, ["restore", "--sweep", "last"])).code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain("ghost");
  });
});
