import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { daysAgo, declareRegistry, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "./harness.ts";
import { fields } from "../fields.ts";
import { gonePid } from "../processes.ts";
import { noTerminal, onTerminal } from "./terminal.ts";

const since = daysAgo(1);

async function machine(ghosts = 1): Promise<Scratch> {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const dead = Array.from({ length: ghosts }, (_, index) => [`dead-${index}`, { pid, since }] as const);
  writeOld(declareRegistry(scratch, { fields }), JSON.stringify(Object.fromEntries(dead)));
  return scratch;
}

const hintsIn = (text: string): readonly string[] => text.split("\n").filter((line) => line.startsWith("hint"));
const alone = /^hint {4}nothing sweeps by itself yet/;

/** The user's timer as `units install` leaves it. */
function installTimer({ home }: Scratch, isEnabled: boolean): void {
  const units = join(home, ".config", "systemd", "user");
  mkdirSync(join(units, "timers.target.wants"), { recursive: true });
  writeFileSync(join(units, "sessreap.timer"), "");
  if (isEnabled) writeFileSync(join(units, "timers.target.wants", "sessreap.timer"), "");
}

if (noTerminal !== undefined) leaveOut("hints on a terminal", noTerminal);

describe.skipIf(noTerminal !== undefined)("hints", () => {
  test("that nothing sweeps by itself is said by a dry run and a list until a sweep has said it, and by that once", async () => {
    const scratch = await machine();
    for (const words of [["-n"], ["list"], ["--yes"]])
      expect(hintsIn(onTerminal(scratch, words).text), words.join(" ")).toEqual([expect.stringMatching(alone)]);
    for (const words of [["list"], []]) expect(hintsIn(onTerminal(scratch, words).text), words.join(" ")).toEqual([]);
    const path = join(scratch.stateDir, "hints.json");
    for (const ago of [31, -31]) {
      writeFileSync(path, JSON.stringify({ schema: 1, said: { "nothing-sweeps": Date.now() - ago * 86_400_000 } }));
      expect(hintsIn(onTerminal(scratch, ["-n"]).text)).toEqual([expect.stringMatching(alone)]);
    }
  });

  test("what the memory of hints says wrongly, or cannot say, keeps no sweep from its work", async () => {
    const scratch = await machine(9);
    mkdirSync(scratch.stateDir, { mode: 0o700 });
    const path = join(scratch.stateDir, "hints.json");
    for (const text of ["{", "null", "[]", '{"schema":1,"said":{"folded":"soon"}}', '{"schema":2,"said":{"folded":1}}']) {
      writeFileSync(path, text);
      const { code, text: seen } = onTerminal(scratch, ["-n"]);
      expect({ code, hints: hintsIn(seen) }, text).toEqual({
        code: 0,
        hints: [expect.stringMatching(alone), "hint    -v shows each of them"],
      });
    }
    writeFileSync(path, "{}");
    expect(hintsIn(onTerminal(scratch, []).text)).toHaveLength(2);
    expect(Object.keys((JSON.parse(readFileSync(path, "utf8")) as { readonly said: object }).said)).toEqual(["nothing-sweeps", "folded"]);
  });

  test("a machine without any registration is told how one's own is declared, and nothing of timers", () => {
    const scratch = newScratch();
    expect(hintsIn(onTerminal(scratch, []).text)).toEqual(["hint    a registry of your own: man sessreap-config"]);
    expect(hintsIn(onTerminal(scratch, []).text)).toEqual([]);
  });

  test("an installed timer, -q, --json and a timer's own sweep leave nothing to hint at", async () => {
    const scratch = await machine();
    for (const words of [["-q"], ["--json"], ["--timer"]]) expect(hintsIn(onTerminal(scratch, ["-n", ...words]).text)).toEqual([]);
    installTimer(scratch, true);
    expect(hintsIn(onTerminal(scratch, ["-n"]).text)).toEqual([]);
    expect(existsSync(scratch.stateDir)).toBe(false);
  });
});

describe("a timer that does not run", () => {
  const off = /^warning sessreap\.timer is installed but not enabled/m;

  test("is told in one line by a dry run and a list, whoever reads them, and not by a timer's own sweep", async () => {
    const scratch = await machine();
    installTimer(scratch, false);
    for (const words of [["-n"], ["list"], ["-q", "-n"], []]) expect((await sessreap(scratch, words)).stderr, words.join(" ")).toMatch(off);
    expect((await sessreap(scratch, ["--timer"])).stderr).not.toContain("timer");
    const old = new Date(Date.now() - 3_600_000).toISOString();
    installTimer(scratch, true);
    const run = join(scratch.stateDir, "last-run.json");
    writeFileSync(run, JSON.stringify({ ...(JSON.parse(readFileSync(run, "utf8")) as object), lastUnitOk: old }));
    for (const words of [["-n"], ["list"]])
      expect((await sessreap(scratch, words)).stderr).toMatch(/its last sweep that succeeded was 1h ago/);
  });

  test.skipIf(noTerminal !== undefined)("is told on a terminal behind any report, and never in a script's", async () => {
    const scratch = await machine();
    installTimer(scratch, false);
    await sessreap(scratch, []);
    for (const words of [["history"], ["owners"], ["restore", "dead-0"], ["explain", "dead-0"]]) {
      expect(onTerminal(scratch, words).text, words.join(" ")).toContain("sessreap.timer is installed but not enabled");
      expect((await sessreap(scratch, words)).stderr, words.join(" ")).not.toContain("timer");
    }
  });

  test("whose place leads nowhere keeps no sweep from its report", async () => {
    const scratch = await machine();
    symlinkSync("systemd", join(scratch.home, ".config", "systemd"));
    expect(await sessreap(scratch, [])).toMatchObject({ code: 0, stdout: expect.stringContaining("1 reaped") });
  });
});
