import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { newSession } from "../agents.ts";
import { gonePid, idle } from "../../processes.ts";

const since = daysAgo(1);
const fields = { sessionId: "id", pid: "pid", registeredAt: "since", releasedAt: "releasedAt", releaseReason: "why" };

function declare(scratch: Scratch, more: object): string {
  const path = join(scratch.dir, "agents.json");
  configure(scratch, { registries: [{ format: "keyed-json", path, fields, about: "process", ...more }] });
  return path;
}

test("a row that was released, or that its writer keeps on purpose, claims nothing and is kept (trusty-tools#4702)", async () => {
  const scratch = newScratch();
  const path = declare(scratch, { keepWhen: { status: ["stopped", "completed"], "/state/held": [true] } });
  const { pid } = await gonePid();
  const row = (more: object): object => ({ id: newSession(), pid, since, ...more });
  const text = JSON.stringify({
    released: row({ releasedAt: new Date().toISOString(), why: "pid_gone" }),
    odd: row({ releasedAt: true }),
    stopped: row({ status: "stopped" }),
    held: row({ state: { held: true } }),
    again: row({ releasedAt: daysAgo(2) }),
    empty: row({ releasedAt: "" }),
    zero: row({ releasedAt: 0 }),
    not: row({ releasedAt: false }),
    none: row({ releasedAt: null, status: "running" }),
  });
  writeOld(path, text);
  const report = await sweepReport(scratch, ["sweep"]);
  expect(by(report, "action", "reason")).toEqual({
    released: "kept no-claim",
    odd: "kept no-claim",
    stopped: "kept no-claim",
    held: "kept no-claim",
    ...Object.fromEntries(["again", "empty", "zero", "not", "none"].map((key) => [key, "reaped pid-gone"])),
  });
  expect(report.summary).toMatchObject({ ghost: 5, undecided: 0, noClaim: 4, reaped: 5 });
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")) as object)).toEqual(["released", "odd", "stopped", "held"]);
});

test("onGhost: release writes when and why into a ghost, and nothing else; restore takes that back", async () => {
  const scratch = newScratch();
  const path = declare(scratch, { onGhost: "release" });
  const { pid } = await gonePid();
  const live = await idle();
  const text = `{\n  "ghost": { "id": "${newSession()}", "pid": ${pid}, "since": "${since}" },\n  "live": { "pid": ${live.pid}, "since": "${since}" }\n}\n`;
  writeOld(path, text);
  expect(by(await sweepReport(scratch, ["sweep", "--dry-run"]), "action")).toEqual({ ghost: "would-release", live: "kept" });
  expect(readFileSync(path, "utf8")).toBe(text);
  const report = await sweepReport(scratch, ["sweep"]);
  expect(by(report, "action", "reason")).toEqual({ ghost: "released pid-gone", live: "kept pid-alive" });
  expect(report.summary).toMatchObject({ ghost: 1, released: 1, reaped: 0, superseded: 0 });
  const now = readFileSync(path, "utf8");
  const { ghost } = JSON.parse(now) as { readonly ghost: { readonly releasedAt: string; readonly why: string } };
  expect(ghost.why).toBe("pid_gone");
  expect(Date.now() - Date.parse(ghost.releasedAt)).toBeLessThan(60_000);
  expect(now.replace(/, "releasedAt": "[^"]*", "why": "pid_gone"/, "")).toBe(text);
  expect(by(await sweepReport(scratch, ["sweep"]), "action", "reason")["ghost"]).toBe("kept no-claim");
  expect((await sessreap(scratch, ["restore", "ghost"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  // By hand the same is done with it, once it is not the one that was put back.
  writeOld(path, text.replace("ghost", "other"));
  expect((await sessreap(scratch, ["reap", "other"])).stdout).toContain("other  released  pid-gone");
  expect(readFileSync(path, "utf8")).toContain('"why": "pid_gone"');
});

test("onGhost: release in a directory of files keeps each file's other bytes", async () => {
  const scratch = newScratch();
  const directory = join(scratch.dir, "agents");
  configure(scratch, { registries: [{ format: "json-file", path: directory, pattern: "<pid>.json", fields, onGhost: "release" }] });
  const { pid } = await gonePid();
  const path = writeOld(join(directory, `${pid}.json`), `{"pid": ${pid},\t"big": 12345678901234567890}`);
  expect(Object.values(by(await sweepReport(scratch, ["sweep"]), "action"))).toEqual(["released"]);
  expect(readFileSync(path, "utf8")).toMatch(/^\{"pid": \d+,\t"big": 12345678901234567890,\t"releasedAt": "[^"]+",\t"why": "pid_gone"\}$/);
});

test("onGhost: report only says what is a ghost", async () => {
  const scratch = newScratch();
  const path = declare(scratch, { onGhost: "report" });
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  const report = await sweepReport(scratch, ["sweep"]);
  expect(by(report, "verdict", "action")).toEqual({ ghost: "ghost withheld" });
  expect(report.registries).toMatchObject([{ state: "report-only", problem: expect.stringContaining("onGhost") }]);
  expect(report.exitCode).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test.each([
  [{ onGhost: "release", fields: { pid: "pid", releasedAt: "r" } }, "registries[0].onGhost"],
  [{ onGhost: "drop" }, "registries[0].onGhost"],
  [{ keepWhen: { status: "stopped" } }, "registries[0].keepWhen"],
  [{ keepWhen: { status: [] } }, "registries[0].keepWhen"],
  [{ ownDirectory: true }, "registries[0].ownDirectory"],
  [{ shared: "no" }, "registries[0].shared"],
])("%j in the configuration is an error, and says where", async (more, where) => {
  const scratch = newScratch();
  declare(scratch, more);
  const { code, stderr } = await sessreap(scratch, ["sweep"]);
  expect(code).toBe(2);
  expect(stderr).toContain(where);
});

test("a lock that is a directory goes with its entry by ownDirectory, and is said without it (overdeck#1174)", async () => {
  const { pid } = await gonePid();
  for (const ownDirectory of [true, false]) {
    const scratch = newScratch();
    const registry = { format: "json-file", path: scratch.dir, pattern: "*.lock/owner.json", fields: { pid: "pid" }, about: "process" };
    configure(scratch, { registries: [{ ...registry, ownDirectory }] });
    writeOld(join(scratch.dir, "a.lock", "owner.json"), JSON.stringify({ pid }));
    writeOld(join(scratch.dir, "b.lock", "owner.json"), JSON.stringify({ pid }));
    writeFileSync(join(scratch.dir, "b.lock", "note"), "");
    const report = await sweepReport(scratch, ["sweep"]);
    expect(by(report, "action")).toEqual({ "a.lock/owner.json": "reaped", "b.lock/owner.json": "reaped" });
    expect([existsSync(join(scratch.dir, "a.lock")), existsSync(join(scratch.dir, "b.lock/note"))]).toEqual([!ownDirectory, true]);
    const said = Object.fromEntries(report.entries.map(({ key, detail }) => [key, detail]));
    expect(said[`${ownDirectory ? "b" : "a"}.lock/owner.json`]).toContain("its directory stays");
    expect(said[`${ownDirectory ? "a" : "b"}.lock/owner.json`]).not.toContain("its directory stays");
  }
});
