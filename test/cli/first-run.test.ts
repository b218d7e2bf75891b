import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "./harness.ts";
import { fields } from "../fields.ts";
import { gonePid, idle } from "../processes.ts";
import { noTerminal, onTerminal } from "./terminal.ts";
import { noTmux, sitDown } from "./tmux.ts";

const since = daysAgo(1);

/** A machine on which nothing was swept yet, with so many ghosts and one that lives. */
async function newMachine(ghosts = 2): Promise<Scratch> {
  const scratch = newScratch();
  const [{ pid }, alive] = [await gonePid(), await idle()];
  const dead = Array.from({ length: ghosts }, (_, index) => [`dead-${index}`, { pid, since }] as const);
  writeOld(declareRegistry(scratch, { fields }), JSON.stringify({ living: { pid: alive.pid, since }, ...Object.fromEntries(dead) }));
  return scratch;
}

const asked = /This is the first sweep here\. What it reaps can be put back for 30 days \(sessreap restore\)\.\nReap these 2\? \[y\/N\]/;

if (noTerminal !== undefined) leaveOut("the question of a first sweep", noTerminal);

describe.skipIf(noTerminal !== undefined)("the first sweep on a terminal shows what would go and asks", () => {
  test("a no touches nothing, is no mistake, and leaves the question for the next time", async () => {
    const scratch = await newMachine();
    for (const answer of ["n", "", "yes, but not now", "\u0004"]) {
      const { code, text } = onTerminal(scratch, [], { input: `${answer}\n` });
      expect(text).toMatch(/- dead-0 +24h +would reap +process gone/);
      expect(text).toMatch(asked);
      expect({ code, state: existsSync(scratch.stateDir) }).toEqual({ code: 0, state: false });
      expect(text).toContain("note    nothing was touched");
    }
  });

  test("a yes sweeps, and is asked for once in the life of a state directory", async () => {
    const scratch = await newMachine();
    const { code, text } = onTerminal(scratch, [], { input: " Y \n" });
    expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(asked) });
    expect(text).toContain("3 registrations: 2 ghosts (2 reaped), 1 live");
    writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ again: { pid: (await gonePid()).pid, since } }));
    const next = onTerminal(scratch, []);
    expect(next.text).not.toContain("[y/N]");
    expect(next.text).toContain("1 registration: 1 ghost (1 reaped)");
  });

  test("at 60 columns the question's lines are wrapped, one entry is called one, and what is left out is not asked for", async () => {
    const scratch = await newMachine(3);
    const { text } = onTerminal(scratch, ["--only", "dead-1"], { columns: 60, input: "y\n" });
    expect(text).toContain("put back\nfor 30 days (sessreap restore).\nReap this one? [y/N]");
    expect(text).toContain("(1 reaped)");
  });

  test.each([
    ["with --yes", ["--yes"]],
    ["with -q", ["-q"]],
    ["with --json", ["--json"]],
    ["of a timer", ["--timer"]],
    ["that takes nothing", ["--except", "dead*"]],
  ])("a sweep %s asks nothing", async (_, words) => {
    const scratch = await newMachine();
    const { code, text } = onTerminal(scratch, words);
    expect(code).toBe(0);
    expect(text).not.toContain("[y/N]");
    expect(readdirSync(scratch.stateDir)).toContain("last-run.json");
  });

  test("an empty state directory, as a script makes one, has seen no sweep either", async () => {
    const scratch = await newMachine();
    mkdirSync(scratch.stateDir, { mode: 0o700 });
    expect(onTerminal(scratch, [], { input: "n\n" }).text).toMatch(asked);
    expect(readdirSync(scratch.stateDir)).toEqual([]);
  });
});

test("without a terminal nothing is asked", async () => {
  const scratch = await newMachine();
  expect(await sessreap(scratch, [])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("2 reaped"),
    stderr: expect.not.stringContaining("y/N"),
  });
});

describe.skipIf(noTmux !== undefined)("at a real terminal", () => {
  test("Ctrl-C at the question ends the run as it ends any other, and touches nothing", async () => {
    const scratch = await newMachine();
    const seat = sitDown(scratch, []);
    await seat.sees("[y/N]");
    seat.press("C-c");
    expect(await seat.ended()).toBe(130);
    expect(existsSync(scratch.stateDir)).toBe(false);
  });

  test("the plan is seen although the report goes into a file, which holds the report alone", async () => {
    const scratch = await newMachine();
    const seat = sitDown(scratch, [], { line: "> report" });
    expect(await seat.sees("[y/N]")).toContain("would reap");
    seat.press("y", "Enter");
    expect(await seat.ended()).toBe(0);
    expect(seat.shown()).not.toContain("2 reaped");
  });
});
