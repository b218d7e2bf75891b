import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SweepDocument } from "../../../src/report/model/sweep.ts";
import { fields } from "../../fields.ts";
import { configure, daysAgo, downServer, leaveOut, newScratch, sweepReport, turnedOff, writeOld, type Scratch } from "../harness.ts";
import { gonePid, idle, start } from "../../processes.ts";
import { noStrace, traced } from "../strace.ts";

const since = daysAgo(1);

/** Ghosts of every kind that a sweep treats differently: reaped, pending, withheld, released. */
async function everyFate(scratch: Scratch) {
  const at = (name: string): string => join(scratch.dir, name);
  const [gone, alive] = [await gonePid(), await idle()];
  const ghost = { pid: gone.pid, since };
  const script = at(`bridge-${randomUUID()}.mjs`);
  writeFileSync(script, "process.stdin.resume();\n");
  const owner = { argv: [script.slice(script.lastIndexOf("/") + 1), "watch"] };
  await start(process.execPath, [script, "watch"], { argv0: "node" });
  const release = [process.execPath, writeOld(at("release.mjs"), releaseSource), at("released.json"), "{key}"];
  writeOld(at("plain.json"), JSON.stringify({ dead: ghost, living: { pid: alive.pid, start: alive.startTicks, since }, dead2: ghost }));
  writeOld(at("absent.json"), JSON.stringify({ absent: { id: randomUUID(), since } }));
  writeOld(at("owned.json"), JSON.stringify({ owned: ghost }));
  writeOld(at("released.json"), JSON.stringify({ released: ghost, stays: { pid: alive.pid, since } }));
  configure(scratch, {
    registries: [
      { format: "keyed-json", path: at("plain.json"), fields },
      { format: "keyed-json", path: at("absent.json"), fields, ...downServer },
      { format: "keyed-json", path: at("owned.json"), fields, owner },
      { format: "keyed-json", path: at("released.json"), fields, owner, release },
    ],
  });
  return { at };
}

const releaseSource = `
import { readFileSync, writeFileSync } from "node:fs";
const [path, key] = process.argv.slice(2);
const entries = JSON.parse(readFileSync(path, "utf8"));
delete entries[key];
writeFileSync(path, JSON.stringify(entries));
`;

const fates = ({ entries }: SweepDocument): Readonly<Record<string, string>> => {
  return Object.fromEntries(entries.map(({ key, action }) => [key, action === "would-reap" ? "acted" : action]));
};

test("what a dry run announces is what the sweep then does", async () => {
  const scratch = newScratch();
  await everyFate(scratch);
  const announced = await sweepReport(scratch, ["--dry-run"]);
  expect(fates(announced)).toEqual({
    dead: "acted",
    living: "kept",
    dead2: "acted",
    absent: "pending",
    owned: "withheld",
    released: "acted",
    stays: "kept",
  });
  const done = await sweepReport(scratch, []);
  expect(Object.fromEntries(done.entries.map(({ key, action }) => [key, action]))).toEqual({
    ...fates(announced),
    dead: "reaped",
    dead2: "reaped",
    released: "released",
  });
  expect(done.summary.reaped).toBe(3);
});

describe("under strace", () => {
  const why = noStrace();
  if (why !== undefined) leaveOut("that nothing is written", why);

  const silent: readonly (readonly string[])[] = [
    ["--dry-run", "--json"],
    ["--dry-run"],
    ["list", "--json"],
    ["explain", "dead"],
    ["config"],
    ["config", "suggest", "plain.json", "--json"],
    ["history"],
    ["owners"],
    ["who", "living"],
  ];
  test.skipIf(why !== undefined).for(silent)("%j opens nothing for writing and starts nothing", async (words) => {
    const scratch = newScratch();
    await everyFate(scratch);
    const { code, writes, programs, stderr } = await traced(scratch, words);
    expect({ code, writes, programs, stderr }).toEqual({ code: 0, writes: [], programs: [], stderr: turnedOff });
    expect(existsSync(scratch.stateDir)).toBe(false);
  });

  test.skipIf(why !== undefined)("nor does a dry run beside what earlier sweeps remember, or a rehearsed restore", async () => {
    const scratch = newScratch();
    const { at } = await everyFate(scratch);
    await sweepReport(scratch, []);
    const memory = readFileSync(join(scratch.stateDir, "memory.json"), "utf8");
    expect(await traced(scratch, ["--dry-run"])).toMatchObject({ code: 0, writes: [] });
    const rehearsed = await traced(scratch, ["restore", "--dry-run", "dead"]);
    expect(rehearsed).toMatchObject({ code: 0, writes: [], stdout: expect.stringContaining("would put back") as string });
    expect(readFileSync(join(scratch.stateDir, "memory.json"), "utf8")).toBe(memory);
    expect(JSON.parse(readFileSync(at("plain.json"), "utf8"))).not.toHaveProperty("dead");
  });

  test.skipIf(why !== undefined)("and the trace would have shown it: a sweep's writes are all there to see", async () => {
    const scratch = newScratch();
    await everyFate(scratch);
    const { code, writes, programs } = await traced(scratch, ["--json"]);
    expect(code).toBe(0);
    expect(programs.join("\n")).toContain("release.mjs");
    const all = writes.join("\n");
    for (const path of [join(scratch.stateDir, "tombstones"), join(scratch.stateDir, "memory.json"), ".plain.json.sessreap-"]) {
      expect(all).toContain(path);
    }
  });
});
