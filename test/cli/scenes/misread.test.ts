import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, downServer, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { gonePid, idle } from "../../processes.ts";

const since = daysAgo(30);
const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

test("a registry whose `entries` was forgotten is not swept, and its members are said", async () => {
  const scratch = newScratch();
  const { pid, startTicks } = await idle();
  const text = JSON.stringify({ version: 3, hosts: { mars: { id: randomUUID(), pid, start: startTicks, since } } });
  const path = writeOld(join(scratch.dir, "hosts.json"), text);
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  const report = await sweepReport(scratch, ["--now"]);
  expect(report.exitCode).toBe(3);
  expect(by(report, "verdict", "reason", "action")).toEqual({
    version: "undecided malformed-entry kept",
    hosts: "undecided malformed-entry kept",
  });
  expect(report.registries).toMatchObject([
    { state: "report-only", problem: 'no entry has "id" (sessionId) or "pid" (pid); the members there are "mars"' },
  ]);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a registry whose pids stand under another name than the configuration says is not swept, also through its owner", async () => {
  const scratch = newScratch();
  const [alive, gone] = [await idle(), await gonePid()];
  const rows = { alive: { id: randomUUID(), pid: alive.pid, since }, gone: { id: randomUUID(), pid: gone.pid, since } };
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify(rows));
  const registry = { format: "keyed-json", path, fields: { ...fields, pid: "process_id" }, ...downServer };
  configure(scratch, {
    registries: [{ ...registry, owner: { argv: [process.execPath] }, release: ["true", "{key}"] }],
  });
  const withOwner = await sweepReport(scratch, ["--now"]);
  expect(withOwner).toMatchObject({ exitCode: 3, registries: [{ owner: { up: true } }] });
  expect(by(withOwner, "verdict", "action")).toEqual({ alive: "ghost withheld", gone: "ghost withheld" });
  configure(scratch, { registries: [registry] });
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "action")).toEqual({ alive: "ghost withheld", gone: "ghost withheld" });
  const problem = 'no entry has "process_id" (pid), and "pid" looks like it; the members there are "id", "pid", "since"';
  expect(report).toMatchObject({ exitCode: 3, registries: [{ state: "report-only", problem }] });
  expect(readFileSync(path, "utf8")).toBe(JSON.stringify(rows));
  expect((await sessreap(scratch, ["list"])).stderr).toContain(`is report-only: ${problem}`);
  expect((await sessreap(scratch, ["config"])).stdout).toContain(`is not swept: ${problem}`);
  configure(scratch, { registries: [{ ...registry, fields }] });
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ alive: "pid-alive kept", gone: "pid-gone reaped" });
});

test("an entry that claims nothing is kept beside those that do, and so is one whose daemon has no pid for it yet", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const rows = {
    meta: { schema: 2, since },
    waiting: { id: randomUUID(), pid: 0, since: daysAgo(1) },
    gone: { id: randomUUID(), pid: String(gone.pid), since },
  };
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify(rows));
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({
    meta: "malformed-entry kept",
    waiting: "within-ttl kept",
    gone: "pid-gone reaped",
  });
});

test("any other member that is nowhere is said where a person looks, and changes nothing", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ gone: { id: randomUUID(), pid: gone.pid, since } }));
  configure(scratch, { registries: [{ format: "keyed-json", path, fields: { ...fields, lastHeartbeatAt: "beat" } }] });
  const nowhere = 'no entry has "start" (startTicks), "beat" (lastHeartbeatAt)';
  expect((await sessreap(scratch, ["list", "-v"])).stderr).toContain(`${path}: ${nowhere}`);
  expect((await sessreap(scratch, ["list"])).stderr).not.toContain("beat");
  const said = (await sessreap(scratch, ["config"])).stdout;
  expect(said).toContain('    startTicks "start" in 0 of 1: they have "id", "pid", "since"');
  expect(said).toContain('    lastHeartbeatAt "beat" in 0 of 1: they have "id", "pid", "since"');
  expect((await sessreap(scratch, ["doctor", "-v"])).stdout).toContain(`1 registration; ${nowhere}`);
  const report = await sweepReport(scratch, []);
  expect(by(report, "reason", "action")).toEqual({ gone: "pid-gone reaped" });
  expect(report.exitCode).toBe(0);
});
