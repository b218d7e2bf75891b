import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fields } from "../../fields.ts";
import { gonePid, idle } from "../../processes.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "../harness.ts";
import { noTmux, sitDown } from "../tmux.ts";

const since = daysAgo(1);

type Entries = Readonly<Record<string, object>>;
const path = ({ dir }: Scratch): string => join(dir, "agents.json");
const keysIn = (scratch: Scratch): readonly string[] => Object.keys(JSON.parse(readFileSync(path(scratch), "utf8")) as Entries);

/** Two proven ghosts, one entry of which nothing can be told, one too young, and one that lives. */
async function machine(more: Entries = {}): Promise<Scratch> {
  const scratch = newScratch();
  const [{ pid }, alive] = [await gonePid(), await idle()];
  const entries = {
    old: { pid, since: daysAgo(3) },
    fresh: { pid, since, id: randomUUID() },
    silent: { id: randomUUID(), since },
    young: { pid, since: new Date().toISOString() },
    living: { pid: alive.pid, start: alive.startTicks, since },
    ...more,
  };
  writeOld(declareRegistry(scratch, { fields }), JSON.stringify(entries));
  return scratch;
}

test("without a terminal it says what to do instead, and nothing is touched", async () => {
  const scratch = await machine();
  expect(await sessreap(scratch, ["pick"])).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "error   pick needs a terminal to show its list on\n        do: sessreap -n shows the ghosts, sessreap reap KEY takes one\n",
  });
  expect(existsSync(scratch.stateDir)).toBe(false);
});

if (noTmux !== undefined) leaveOut("choosing on a list", noTmux);

describe.skipIf(noTmux !== undefined)("on a terminal", () => {
  test.each([100, 60, 40])(
    "of %i columns proven ghosts can be marked, others are seen with their reason, and living ones are not",
    async (columns) => {
      const scratch = await machine();
      const seat = sitDown(scratch, ["pick"], { columns, rows: 24 });
      const shown = await seat.sees("> [x] fresh");
      expect(shown.replaceAll(/\n +/g, " ")).toContain("2 to choose from in 1 registry");
      expect(shown).toMatch(/^> \[x\] fresh +24h +process gone$/m);
      expect(shown).toMatch(/^ {2}\[x\] old +3d +process gone$/m);
      expect(shown).toMatch(/^ {3}· {2}young +\d+s +too young$/m);
      expect(shown).toMatch(/^ {3}· {2}silent +24h +cannot tell yet$/m);
      expect(shown).not.toContain("living");
      expect(shown).toMatch(/^ {2}why +pid-gone: pid \d+ is/m);
      seat.press("Escape");
      expect(await seat.ended()).toBe(0);
      expect(seat.shown()).toContain("note    nothing was touched");
      expect(existsSync(scratch.stateDir)).toBe(false);
    },
  );

  test("what is marked goes after a yes, by a sweep's hands, and can be put back", async () => {
    const scratch = await machine();
    const seat = sitDown(scratch, ["pick"]);
    await seat.sees("> [x] fresh");
    seat.press("Space");
    await seat.sees("> [ ] fresh");
    seat.press("Down", "Enter");
    await seat.sees("Reap this one? [y/N]");
    seat.press("y", "Enter");
    expect(await seat.ended()).toBe(0);
    expect(keysIn(scratch)).toEqual(["fresh", "silent", "young", "living"]);
    expect(seat.shown()).toMatch(/^old {2}reaped {2}pid-gone: /m);
    const undo = /^undo {4}sessreap (restore --sweep \w+)/m.exec(seat.shown())?.[1]?.split(" ") ?? [];
    expect((await sessreap(scratch, undo)).code).toBe(0);
    expect(keysIn(scratch)).toContain("old");
    expect((await sessreap(scratch, ["history"])).stdout).toMatch(/ pick +1 reaped/);
  });

  test("no key takes one that is not proven: not a, not i, nor an invention of marks", async () => {
    const scratch = await machine();
    const seat = sitDown(scratch, ["pick"]);
    await seat.sees("> [x] fresh");
    seat.press("Down", "Down", "Space", "Down", "Space", "i", "a", "a", "a", "Enter");
    await seat.sees(/Reap these? (?:2|this one)\? |nothing was touched/);
    if (seat.shown().includes("[y/N]")) seat.press("y", "Enter");
    await seat.ended();
    for (const key of ["silent", "young", "living"]) expect(keysIn(scratch)).toContain(key);
  });

  test("what came back while the person thought stays, and a newcomer under its key is another entry", async () => {
    const scratch = await machine();
    const seat = sitDown(scratch, ["pick"]);
    await seat.sees("> [x] fresh");
    seat.press("Enter");
    await seat.sees("Reap these 2? [y/N]");
    const [{ pid }, alive] = [await gonePid(), await idle()];
    const now = { old: { pid: alive.pid, start: alive.startTicks, since: daysAgo(3) }, fresh: { pid, since, id: randomUUID() } };
    writeFileSync(path(scratch), JSON.stringify(now));
    utimesSync(path(scratch), 1, 1);
    seat.press("y", "Enter");
    expect(await seat.ended()).toBe(3);
    expect(keysIn(scratch)).toEqual(["old", "fresh"]);
    expect(seat.shown()).toContain("note    2 changed or went meanwhile");
  });

  test("a no, Ctrl-C on the list and Ctrl-C at the question touch nothing and leave a usable terminal", async () => {
    const scratch = await machine();
    const no = sitDown(scratch, ["pick"]);
    await no.sees("> [x]");
    no.press("Enter");
    await no.sees("[y/N]");
    no.press("n", "Enter");
    expect(await no.ended()).toBe(0);
    const list = sitDown(scratch, ["pick"], { line: "; stty -a | grep -o ' icanon' " });
    await list.sees("> [x]");
    list.press("C-c");
    expect(await list.sees("icanon")).toContain(" icanon");
    const question = sitDown(scratch, ["pick"]);
    await question.sees("> [x]");
    question.press("Enter");
    await question.sees("[y/N]");
    question.press("C-c");
    expect(await question.ended()).toBe(130);
    expect(keysIn(scratch)).toHaveLength(5);
  });

  test("a long list is no taller than the terminal, hostile keys act on nothing, and --only narrows it", async () => {
    const { pid } = await gonePid();
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`many-${index}`, { pid, since }]));
    const scratch = await machine({ ...many, "a\u001b[2Jb": { pid, since: daysAgo(2) } });
    const seat = sitDown(scratch, ["pick"], { rows: 20, columns: 60 });
    const shown = await seat.sees("> [x]");
    expect(shown.split("\n").length).toBeLessThanOrEqual(20);
    expect(shown).toMatch(/\d+ more/);
    seat.press("Up");
    await seat.sees("> [x] old");
    expect(seat.shown()).toContain(String.raw`[x] a\x1b[2Jb`);
    seat.press("Escape");
    expect(await seat.ended()).toBe(0);
    const few = sitDown(scratch, ["pick", "--only", "many-1*"], { rows: 30 });
    expect((await few.sees("> [x]")).match(/\[x\]/g)).toHaveLength(11);
    few.press("Escape");
    await few.ended();
  });
});

test.skipIf(noTmux !== undefined)("where no ghost is proven there is nothing to choose from", async () => {
  const scratch = newScratch();
  writeOld(declareRegistry(scratch, { fields }), JSON.stringify({ silent: { id: randomUUID(), since } }));
  const seat = sitDown(scratch, ["pick"]);
  expect(await seat.ended()).toBe(0);
  expect(seat.shown()).toContain("there is no ghost to choose");
});
