import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gonePid } from "../../processes.ts";
import { newSession } from "../agents.ts";
import { by, configure, daysAgo, declareRegistry, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";

const since = daysAgo(1);

async function ghost(more: object = {}): Promise<object> {
  return { pid: (await gonePid()).pid, since, ...more };
}

test("an owner's lock that is a FIFO is not opened: the owner counts as up, and why is said", async () => {
  const scratch = newScratch();
  const lock = join(scratch.dir, "owner.lock");
  execFileSync("mkfifo", [lock]);
  const path = declareRegistry(scratch, { owner: { lock } });
  writeOld(path, JSON.stringify({ ghost: await ghost() }));
  const report = await sweepReport(scratch, []);
  expect(by(report, "action")).toEqual({ ghost: "withheld" });
  expect(report.registries[0]).toMatchObject({ state: "report-only", owner: { up: true } });
  expect(report.registries[0]?.problem).toContain(`${lock} is no regular file`);
});

test("of an array with the names a, a and `a #2` every ghost goes", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, {
    format: "json-array",
    entries: "",
    fields: { identity: "name", pid: "pid", registeredAt: "since" },
  });
  const alive = { name: "a", pid: process.pid, since };
  writeOld(path, JSON.stringify([await ghost({ name: "a" }), await ghost({ name: "a" }), await ghost({ name: "a #2" }), alive]));
  const report = await sweepReport(scratch, []);
  expect(report.entries.map(({ key, action }) => `${key} ${action}`)).toEqual(["a reaped", "a #3 reaped", "a #2 reaped", "a #4 kept"]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual([alive]);
});

test("two containers of one file that have a key in common are told apart, and each entry is shown once", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents.json");
  const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };
  const [first, second] = [newSession(), newSession()];
  writeOld(path, JSON.stringify({ a: { mars: await ghost({ id: first }) }, b: { mars: { id: second, pid: process.pid, since } } }));
  configure(scratch, { registries: ["/a", "/b"].map((entries) => ({ format: "keyed-json", path, entries, fields })) });
  const report = await sweepReport(scratch, ["-n"]);
  expect(report.entries.map(({ registryIndex, sessionId, verdict }) => ({ registryIndex, sessionId, verdict }))).toEqual([
    { registryIndex: 0, sessionId: first, verdict: "ghost" },
    { registryIndex: 1, sessionId: second, verdict: "live" },
  ]);
  const { stdout } = await sessreap(scratch, ["list"]);
  expect(stdout.match(/mars/g)).toHaveLength(2);
});

test("a registry behind a symbolic link to a disk that is not mounted is unreadable, not missing", async () => {
  const scratch = newScratch();
  mkdirSync(join(scratch.home, ".claude"));
  symlinkSync(join(scratch.dir, "unmounted", "sessions"), join(scratch.home, ".claude", "sessions"));
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ ghost: await ghost() }));
  const fields = { pid: "pid", registeredAt: "since" };
  configure(scratch, { registries: [{ format: "claude-sessions" }, { format: "keyed-json", path, fields }] });
  const report = await sweepReport(scratch, []);
  expect(report.registries.find(({ format }) => format === "claude-sessions")).toMatchObject({ state: "unreadable" });
  expect(by(report, "action")).toEqual({ ghost: "reaped" });
  expect(report.exitCode).toBe(3);
});

test("a sparse registry of 2 GB is refused by its size, and the others are swept", async () => {
  const scratch = newScratch();
  const path = join(scratch.dir, "agents.json");
  const sparse = join(scratch.dir, "sparse.json");
  closeSync(openSync(sparse, "w"));
  truncateSync(sparse, 2 ** 31 - 1);
  writeOld(path, JSON.stringify({ ghost: await ghost() }));
  const fields = { pid: "pid", registeredAt: "since" };
  configure(scratch, { registries: [sparse, path].map((at) => ({ format: "keyed-json", path: at, fields })) });
  const { code, stderr, stdout } = await sessreap(scratch, []);
  expect(stderr).toMatch(/sparse\.json has 2147483647 bytes, more than the 536870912 that it may have; allow more with --max-size/);
  expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining("1 reaped") });
});
