import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { superseded } from "../../../src/core/revisions/superseded.ts";
import { fields } from "../../fields.ts";
import { idle, startTicksOf } from "../../processes.ts";
import { installCode, newSession, startAlone } from "../agents.ts";
import { by, configure, daysAgo, makeOld, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";

/** Which member of a row says what of its release, beside what every declared registry has. */
const rowFields = {
  ...fields,
  identity: "agent",
  releasedAt: "releasedAt",
  releaseReason: "releaseReason",
  automatic: "autoReregistered",
  subprocessId: "subprocess",
};

type Rows = Readonly<Record<string, object>>;

/** A registry shaped like the bridge's, whose rows stay when they are released. */
function registered(rows: Rows, more: object = {}) {
  const scratch = newScratch();
  const path = join(scratch.dir, "registrations.json");
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: rowFields, ...more }] });
  writeOld(path, `${JSON.stringify(rows, null, 2)}\n`);
  return { scratch, path };
}

const me = { agent: "auditor", pid: process.pid, start: startTicksOf(process.pid) };
const row = (id: string, days: number, more: object = {}) => ({ id, since: daysAgo(days), cwd: "/w", ...me, ...more });

const judged = async (scratch: Scratch, ...words: readonly string[]) =>
  by(await sweepReport(scratch, words), "verdict", "reason", "action");

const rowsIn = (path: string): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(path, "utf8")) as never;

test("what a newer start of the same process superseded is released with the reason, and every other byte stays", async () => {
  const { scratch, path } = registered({ old: row("old", 3), other: row("other", 3, { agent: "builder" }), new: row("new", 1) });
  const before = readFileSync(path, "utf8");
  const kept = { other: "live own-ancestor kept", new: "live own-ancestor kept" };
  expect(await judged(scratch, "-n")).toEqual({ old: "ghost superseded-by-new-start would-release", ...kept });
  const explained = (await sessreap(scratch, ["explain", "old", "-v"])).stdout.split("\n").map((line) => line.trim());
  const then = explained.indexOf("then      superseded: the same process has started another session since, registered as new");
  expect(explained[then + 1]).toBe(superseded.rule);
  expect(readFileSync(path, "utf8")).toBe(before);
  const { stdout, code } = await sessreap(scratch, ["sweep"]);
  expect([code, stdout]).toEqual([0, expect.stringContaining("(1 let go)")]);
  const { releasedAt, releaseReason } = rowsIn(path)["old"] ?? {};
  expect(releaseReason).toBe("superseded_by_new_start");
  expect(Math.abs(Date.now() - Date.parse(String(releasedAt)))).toBeLessThan(60_000);
  const added = /,\n {4}"releasedAt": "[^"]*",\n {4}"releaseReason": "superseded_by_new_start"/;
  expect(readFileSync(path, "utf8").replace(added, "")).toBe(before);
  // A row that was released claims nothing any more, and is released once.
  expect(await judged(scratch)).toEqual({ old: "undecided no-claim kept", ...kept });
  expect((await sessreap(scratch, ["history", "last"])).stdout).toMatch(/^old .* let go +replaced by newer$/m);
  expect((await sessreap(scratch, ["restore", "old"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(before);
  expect((await judged(scratch))["old"]).toBe("undecided restored kept");
});

test("a row that changed after its release is not put back over", async () => {
  const { scratch, path } = registered({ old: row("old", 3), new: row("new", 1) });
  await sweepReport(scratch, []);
  const rows = rowsIn(path);
  writeOld(path, JSON.stringify({ ...rows, old: { ...rows["old"], cwd: "/elsewhere" } }));
  expect((await sessreap(scratch, ["restore", "old"])).code).toBe(3);
  expect(rowsIn(path)["old"]?.["cwd"]).toBe("/elsewhere");
});

test("members that are there get their value, in the form in which the registry writes its times", async () => {
  const at = Date.now() - 86_400_000;
  const open = { releasedAt: null, releaseReason: null };
  const { scratch, path } = registered({ old: row("old", 3, { since: at - 1, ...open }), new: row("new", 1, { since: at }) });
  await sweepReport(scratch, ["--grace", "0"]);
  expect(rowsIn(path)["old"]).toMatchObject({ releasedAt: expect.any(Number) as number, releaseReason: "superseded_by_new_start" });
});

test("rows of other processes, of an automatic re-registration, young ones and what shows elsewhere are not superseded", async () => {
  const session = newSession();
  const { scratch, path } = registered({});
  const running = await startAlone(scratch, installCode(scratch), ["resume", session]);
  writeOld(
    path,
    JSON.stringify({
      another: row("another", 3, { agent: "a", pid: running, start: startTicksOf(running) }),
      "another-new": row("another-new", 1, { agent: "a" }),
      auto: row("auto", 3, { agent: "b" }),
      "auto-new": row("auto-new", 1, { agent: "b", autoReregistered: true }),
      unknown: row("unknown", 3, { agent: "c", start: undefined }),
      "unknown-new": row("unknown-new", 1, { agent: "c", start: undefined }),
      shown: row(session, 3, { agent: "d" }),
      "shown-new": row("shown-new", 1, { agent: "d" }),
      young: row("young", 0.001, { agent: "e" }),
      "young-new": row("young-new", 0, { agent: "e" }),
    }),
  );
  const before = readFileSync(path, "utf8");
  const actions = Object.values(by(await sweepReport(scratch, []), "action"));
  expect(new Set(actions)).toEqual(new Set(["kept"]));
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("an id of the subprocess that two live processes bear supersedes neither", async () => {
  const [older, newer] = [await idle(), await idle()];
  const { scratch } = registered({
    older: { agent: "a", id: "older", since: daysAgo(3), subprocess: 7, pid: older.pid, start: older.startTicks },
    newer: { agent: "a", id: "newer", since: daysAgo(1), subprocess: 7, pid: newer.pid, start: newer.startTicks },
  });
  expect(await judged(scratch)).toEqual({ older: "live pid-alive kept", newer: "live pid-alive kept" });
});

test("an id of the subprocess stands for the process", async () => {
  const { scratch, path } = registered({
    old: { agent: "a", id: "old", since: daysAgo(3), subprocess: 7 },
    other: { agent: "a", id: "other", since: daysAgo(3), subprocess: 8 },
    new: { agent: "a", id: "new", since: daysAgo(1), subprocess: 7 },
  });
  expect(await judged(scratch)).toMatchObject({ old: "ghost superseded-by-new-start released", other: "undecided within-ttl kept" });
  expect(Object.keys(rowsIn(path))).toEqual(["old", "other", "new"]);
});

test("a re-register loop stops every supersede of its identity, and is told loudly", async () => {
  const start = Date.now() - 3 * 86_400_000;
  const loop = Object.fromEntries(
    [0, 1, 2, 3, 4].map((index) => [`f${index}`, row(`f${index}`, 0, { since: new Date(start + index * 4000).toISOString() })]),
  );
  const calm = { calm: row("calm", 3, { agent: "calm" }), "calm-new": row("calm-new", 1, { agent: "calm" }) };
  const { scratch, path } = registered({ ...loop, latest: row("latest", 1), ...calm });
  const report = await sweepReport(scratch, []);
  const released = report.entries.filter(({ action }) => action === "released").map(({ key }) => key);
  expect(released).toEqual(["calm"]);
  expect(report.flapping).toEqual([{ registry: path, identity: "auditor", ids: 5, spanMs: 16_000 }]);
  const { stderr } = await sessreap(scratch, ["-n"]);
  expect(stderr).toContain("auditor of");
  expect(stderr).toContain("is flapping: 5 session ids in 16s; nothing of it is superseded");
});

test("a loop is told while all of its rows are young and nothing is judged yet", async () => {
  const now = Date.now();
  const loop = [0, 1, 2, 3].map((index) => [
    `f${index}`,
    row(`f${index}`, 0, { since: new Date(now - 60_000 + index * 5000).toISOString() }),
  ]);
  const { scratch } = registered(Object.fromEntries(loop) as Rows);
  const { flapping, entries } = await sweepReport(scratch, []);
  expect(flapping).toMatchObject([{ identity: "auditor", ids: 4, spanMs: 15_000 }]);
  expect(new Set(entries.map(({ reason }) => reason))).toEqual(new Set(["within-grace"]));
});

test("superseding and reaping of one file go together", async () => {
  const gone = { agent: "gone", pid: 4_194_304, start: "1" };
  const { scratch, path } = registered({
    dead: row("dead", 5, gone),
    old: row("old", 3),
    new: row("new", 1),
    dead2: row("dead2", 5, gone),
  });
  expect(await judged(scratch)).toMatchObject({
    dead: "ghost pid-gone reaped",
    dead2: "ghost pid-gone reaped",
    old: "ghost superseded-by-new-start released",
  });
  expect(Object.entries(rowsIn(path)).map(([key, { releaseReason }]) => [key, releaseReason])).toEqual([
    ["old", "superseded_by_new_start"],
    ["new", undefined],
  ]);
  const { stdout } = await sessreap(scratch, ["history", "--json"]);
  const [{ sweepId } = { sweepId: "" }] = (JSON.parse(stdout) as { sweeps: { sweepId: string }[] }).sweeps;
  expect((await sessreap(scratch, ["restore", "--sweep", sweepId])).code).toBe(0);
  expect(Object.keys(rowsIn(path)).toSorted()).toEqual(["dead", "dead2", "new", "old"]);
  expect(rowsIn(path)["old"]?.["releaseReason"]).toBeUndefined();
});

test("while the owner is up a superseded row is withheld", async () => {
  const { scratch, path } = registered({ old: row("old", 3), new: row("new", 1) }, { owner: { argv: ["code", "watch"] } });
  await startAlone(scratch, installCode(scratch), ["watch"]);
  const before = readFileSync(path, "utf8");
  expect(await judged(scratch)).toMatchObject({ old: "ghost superseded-by-new-start withheld" });
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("rows with a file of their own are released in it", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "sessions");
  mkdirSync(path);
  configure(scratch, { registries: [{ format: "json-file", path, pattern: "*.json", fields: rowFields }] });
  const text = `${JSON.stringify(row("old", 3), null, 2)}\n`;
  const old = writeOld(join(path, "old.json"), text);
  writeOld(join(path, "new.json"), JSON.stringify(row("new", 1)));
  expect(await judged(scratch)).toMatchObject({ "old.json": "ghost superseded-by-new-start released" });
  expect(JSON.parse(readFileSync(old, "utf8"))).toMatchObject({ id: "old", releaseReason: "superseded_by_new_start" });
  expect((await sessreap(scratch, ["restore", "old.json"])).code).toBe(0);
  expect(readFileSync(old, "utf8")).toBe(text);
});

test("the bridge's own registrations carry no process, so nothing of them is superseded", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "registrations.json");
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path }] });
  const mine = { releasedAt: null, releaseReason: null, cwd: "/w" };
  writeFileSync(
    path,
    JSON.stringify({
      "a-ca": { threadId: newSession(), registeredAt: daysAgo(2), ...mine },
      "b-ca": { threadId: newSession(), registeredAt: daysAgo(1), ...mine },
    }),
  );
  makeOld(path);
  const before = readFileSync(path, "utf8");
  expect(Object.values(by(await sweepReport(scratch, []), "action"))).toEqual(["kept", "kept"]);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("who puts a released row behind all that stand", async () => {
  const { scratch } = registered({
    released: row("released", 3, { releasedAt: daysAgo(1), beat: daysAgo(0) }),
    standing: row("standing", 3, { beat: daysAgo(2) }),
  });
  const { stdout } = await sessreap(scratch, ["who", "auditor"]);
  const firstWords = stdout.split("\n").map((line) => line.trim().split(" ")[0]);
  expect(firstWords).toEqual(["SESSION", "standing", "released", "", "auditor:", ""]);
  expect(stdout).toMatch(/ released\n.*signals go to standing\n$/s);
});

test("a release that cannot be written to is refused in the configuration", async () => {
  const { scratch } = registered({}, { fields: { ...rowFields, releasedAt: "/deep/releasedAt" } });
  const { code, stderr } = await sessreap(scratch, ["-n"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("a JSON pointer cannot be written to")]);
});
