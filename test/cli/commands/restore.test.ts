import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  by,
  daysAgo,
  declareRegistry,
  leaveOut,
  makeOld,
  newScratch,
  nobodysScratch,
  parseOnly,
  sessreap,
  sweepReport,
  writeOld,
} from "../harness.ts";
import { gonePid } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

const since = daysAgo(1);

async function reapedTwo() {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const { pid } = await gonePid();
  const text = JSON.stringify({ one: { pid, since }, two: { pid, since } }, null, 2);
  writeOld(path, text);
  const report = await sweepReport(scratch, []);
  expect(report.summary.reaped).toBe(2);
  return { scratch, path, text, report, pid };
}

const keysOf = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);

test("a restored entry is kept by the next sweeps, and --now lets it go", async () => {
  const { scratch, path, text, report } = await reapedTwo();
  expect((await sessreap(scratch, ["restore", "--sweep", report.sweepId])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  makeOld(path);
  expect(by(await sweepReport(scratch, []), "verdict", "reason", "action")).toEqual({
    one: "undecided restored kept",
    two: "undecided restored kept",
  });
  expect(by(await sweepReport(scratch, ["--now"]), "reason", "action")).toEqual({ one: "pid-gone reaped", two: "pid-gone reaped" });
});

test("a restored entry that was written anew since is judged like any other", async () => {
  const { scratch, path, pid } = await reapedTwo();
  await sessreap(scratch, ["restore", "one"]);
  writeOld(path, JSON.stringify({ one: { pid, since, id: "another" } }));
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ one: "pid-gone reaped" });
});

test.each(["the-identity", "pid", "the-sess"])("a reaped entry is put back, and explained, by its %s", async (name) => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { fields: { identity: "agent", sessionId: "id", pid: "pid", registeredAt: "since" } });
  const { pid } = await gonePid();
  writeOld(path, JSON.stringify({ one: { pid, since, agent: "the-identity", id: "the-session" } }));
  await sweepReport(scratch, []);
  const word = name === "pid" ? String(pid) : name;
  expect((await sessreap(scratch, ["explain", word])).stderr).toContain('a sweep took out "one"');
  expect((await sessreap(scratch, ["restore", word])).code).toBe(0);
  expect(keysOf(path)).toEqual(["one"]);
});

test("the protection of a restored entry ends after a week", async () => {
  const { scratch, path } = await reapedTwo();
  await sessreap(scratch, ["restore", "one"]);
  makeOld(path);
  const memory = join(scratch.stateDir, "memory.json");
  const stored = JSON.parse(readFileSync(memory, "utf8")) as { restored: { untilMs: number }[] };
  const [mark] = stored.restored;
  expect((mark?.untilMs ?? 0) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
  if (mark !== undefined) mark.untilMs = Date.now() - 1;
  writeFileSync(memory, JSON.stringify(stored));
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ one: "reaped" });
});

test("a newcomer of the same name is never overwritten, and its neighbour comes back all the same", async () => {
  const { scratch, path, report } = await reapedTwo();
  writeFileSync(path, '{"one":{"newcomer":true}}');
  const { code, stdout } = await sessreap(scratch, ["restore", "--sweep", report.sweepId, "--json"]);
  expect(code).toBe(3);
  expect(parseOnly(stdout)).toMatchObject({
    command: "restore",
    exitCode: 3,
    entries: [
      { key: "one", action: "newcomer" },
      { key: "two", action: "restored" },
    ],
  });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ one: { newcomer: true }, two: { since } });
});

test("a tombstone is used once; of several of one name the newest is meant", async () => {
  const { scratch, path, pid } = await reapedTwo();
  const later = { pid, since, id: "later" };
  writeOld(path, JSON.stringify({ one: later }));
  expect((await sweepReport(scratch, [])).summary.reaped).toBe(1);
  expect((await sessreap(scratch, ["restore", "one"])).code).toBe(0);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ one: later });
  writeFileSync(path, "{}");
  expect((await sessreap(scratch, ["restore", "one"])).code).toBe(0);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ one: { pid, since } });
  writeFileSync(path, "{}");
  const spent = await sessreap(scratch, ["restore", "one"]);
  expect(spent).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no tombstone of "one"; it was put back on \S+ \d+ at \d\d:\d\d\n/) as string,
  });
});

test("what nobody reaped cannot be restored; another entry is never guessed at, the nearest sweep is", async () => {
  const { scratch, report } = await reapedTwo();
  expect(await sessreap(scratch, ["restore", "tow"])).toMatchObject({
    code: 1,
    stderr: 'error   no tombstone of "tow"\n',
  });
  const { code, stderr } = await sessreap(scratch, ["restore", "--sweep", `${report.sweepId}0`]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error   no tombstone of sweep "${report.sweepId}0"; did you mean "${report.sweepId}"?\n`,
  });
});

test("into a registry that is torn, gone or report-only nothing is restored, and the tombstone is kept", async () => {
  const { scratch, path } = await reapedTwo();
  for (const spoil of [() => writeFileSync(path, "{"), () => chmodSync(path, 0o666)]) {
    writeFileSync(path, "{}");
    chmodSync(path, 0o644);
    spoil();
    const { code, stdout } = await sessreap(scratch, ["restore", "one"]);
    expect({ code, failed: /one .* FAILED/.test(stdout) }).toEqual({ code: 3, failed: true });
  }
  chmodSync(path, 0o644);
  writeFileSync(path, "{}");
  expect((await sessreap(scratch, ["restore", "one"])).code).toBe(0);
  expect(keysOf(path)).toEqual(["one"]);
});

test("a rehearsed restore says what it would do and does nothing", async () => {
  const { scratch, path } = await reapedTwo();
  const { code, stdout } = await sessreap(scratch, ["restore", "--dry-run", "one"]);
  expect({ code, row: stdout.split("\n")[1]?.split(/ {2,}/) }).toEqual({ code: 0, row: ["", "one", path, "would put back"] });
  expect(keysOf(path)).toEqual([]);
});

test("the history tells what each sweep reaped", async () => {
  const { scratch, report } = await reapedTwo();
  const { code, stdout } = await sessreap(scratch, ["history", "--json"]);
  expect(code).toBe(0);
  expect(parseOnly(stdout)).toMatchObject({
    schema: 1,
    sweeps: [
      { sweepId: report.sweepId, command: "sweep", entries: [{ key: "one", action: "reaped", reason: "pid-gone" }, { key: "two" }] },
    ],
  });
});

test("the history tells what was put back, and completion offers only the sweep that can be undone", async () => {
  const { scratch, path, report } = await reapedTwo();
  await sessreap(scratch, ["restore", "one"]);
  const rowsOf = async (...words: readonly string[]): Promise<readonly string[][]> =>
    (await sessreap(scratch, ["history", ...words])).stdout
      .trimEnd()
      .split("\n")
      .map((row) => row.split(/ {2,}/));
  const name = report.sweepId.slice(-4);
  const [head, restored, sweep] = await rowsOf();
  expect(head).toEqual(["SWEEP", "WHEN", "COMMAND", "DID", "WHERE"]);
  expect(restored?.slice(2)).toEqual(["restore", "1 put back", path]);
  expect(sweep).toEqual([name, expect.stringMatching(/^today \d\d:\d\d$/), "sweep", "2 reaped, 1 put back since", path]);
  const [, whole] = await rowsOf("-v", "--key", "two");
  expect(whole).toEqual([report.sweepId, report.startedAt, "sweep", "1 reaped", path]);
  expect((await rowsOf(name)).slice(4)).toEqual([
    ["one", path, expect.stringMatching(/^put back today \d\d:\d\d$/), "process gone"],
    ["two", path, "reaped", "process gone"],
  ]);
  expect((await sessreap(scratch, ["history", "last"])).code).toBe(0);
  expect((await sessreap(scratch, ["history", name])).stderr).toBe(`undo    sessreap restore --sweep ${name}\n`);
  expect(await rowsOf("-q", "--limit", "1")).toHaveLength(1);
  expect(await rowsOf("--since", "2100-01-01")).toEqual([["Nothing such has been done."]]);
  for (const words of [
    ["--limit", "few"],
    ["--since", "soon"],
  ])
    expect(await sessreap(scratch, ["history", ...words])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`"${words[1] ?? ""}"`) as string,
    });
  expect(await sessreap(scratch, ["history", "0000"])).toMatchObject({ code: 1 });
  const json = parseOnly((await sessreap(scratch, ["history", "--json"])).stdout);
  expect(json).toMatchObject({ sweeps: [{}, { command: "restore", entries: [{ key: "one", tombstone: `${report.sweepId}/0` }] }] });
  const offered = await sessreap(scratch, ["__complete", "--", "restore", "--sweep", ""]);
  expect(offered.stdout.split("\n").filter((line) => line.startsWith("2"))).toEqual([expect.stringContaining(report.sweepId) as string]);
});

test("what is kept of the reaped is for nobody else to read", async () => {
  const { scratch } = await reapedTwo();
  const modeOf = (...parts: readonly string[]): string => (statSync(join(scratch.stateDir, ...parts)).mode & 0o7777).toString(8);
  expect([modeOf(), modeOf("tombstones"), modeOf("memory.json"), modeOf("history.jsonl")]).toEqual(["700", "700", "600", "600"]);
  const [tombstones] = readdirSync(join(scratch.stateDir, "tombstones"));
  expect(modeOf("tombstones", tombstones as string)).toBe("600");
});

test("where no tombstone can be written nothing is swept: that is said once, and not one byte changes", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("a state directory that cannot be written", "only root can give it to another user");
    skip();
  }
  const scratch = nobodysScratch();
  const path = declareRegistry(scratch);
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  chownSync(path, nobody, nobody);
  mkdirSync(scratch.stateDir, { mode: 0o755 });
  const { code, stderr } = await sessreap(scratch, [], { asNobody: true });
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringContaining(`the state directory ${scratch.stateDir} cannot be used: `),
    "        do: let this user read and write there, or set SESSREAP_STATE_DIR",
  ]);
  expect(stderr).not.toMatch(/fault in sessreap/);
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(readdirSync(scratch.dir).toSorted()).toEqual(["agents.json", "home", "state", "tool"]);
});

test("a state directory that cannot be made is named with a cure, and nothing is swept", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  const impossible = [
    [join(path, "state"), "not a directory (ENOTDIR)"],
    // Below /proc there is nothing to make, although /proc itself is there.
    ["/proc/nothing/state", "no such file or directory (ENOENT)"],
  ] as const;
  for (const [stateDir, why] of impossible) {
    for (const words of [[], ["--json"]]) {
      const { code, stdout, stderr } = await sessreap(scratch, words, { env: { SESSREAP_STATE_DIR: stateDir } });
      expect(code).toBe(1);
      const cure = "let this user read and write there, or set SESSREAP_STATE_DIR";
      expect(`${stdout}${stderr}`).toContain(`the state directory ${stateDir} cannot be used: ${why}`);
      expect(`${stdout}${stderr}`).toContain(cure);
    }
  }
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(existsSync(scratch.stateDir)).toBe(false);
});

test("a name is what is not known, also where nothing was ever reaped", async () => {
  const { code, stderr } = await sessreap(newScratch(), ["restore", "nobody"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'error   no tombstone of "nobody"\n' });
  const last = await sessreap(newScratch(), ["restore", "--sweep", "last"]);
  expect(last).toMatchObject({ code: 1, stderr: "error   no sweep is left that can be put back\n        sessreap history\n" });
});
