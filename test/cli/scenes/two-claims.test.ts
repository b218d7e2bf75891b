import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, sweepReport, writeOld } from "../harness.ts";
import { gonePid, idle, pretend } from "../../processes.ts";

const since = daysAgo(1);
const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

test("of six records of one session the five whose process is gone go, and the one of the process that runs it stays", async () => {
  const scratch = newScratch();
  const sessionId = randomUUID();
  const sessions = join(scratch.env["HOME"] as string, ".claude", "sessions");
  const record = ({ pid, startTicks }: { readonly pid: number; readonly startTicks: string }): string =>
    writeOld(join(sessions, `${pid}.json`), JSON.stringify({ pid, procStart: startTicks, sessionId, startedAt: Date.now() - 86_400_000 }));
  mkdirSync(sessions, { recursive: true });
  const dead = await Promise.all(Array.from({ length: 5 }, gonePid));
  const runs = await pretend(scratch.dir, ["claude", "chat", `--resume=${sessionId}`]);
  for (const one of [...dead, runs]) record(one);
  const report = await sweepReport(scratch, ["--registry", "claude-sessions"]);
  const expected = new Map(dead.map(({ pid }) => [`${pid}.json`, "pid-gone reaped"]));
  expect(by(report, "reason", "action")).toEqual({ ...Object.fromEntries(expected), [`${runs.pid}.json`]: "pid-alive kept" });
});

test("a dead holder condemns what a process claims, not what a session claims that another process runs", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const gone = await gonePid();
  await pretend(scratch.dir, ["codex", "resume", id]);
  const at = (name: string): string => writeOld(join(scratch.dir, name), JSON.stringify({ it: { id, pid: gone.pid, since } }));
  const registries = (["process", "session"] as const).map((about) => {
    return { format: "keyed-json", path: at(`${about}.json`), fields, about };
  });
  configure(scratch, { registries });
  const { entries } = await sweepReport(scratch, []);
  expect(entries.map(({ reason, action }) => `${reason} ${action}`)).toEqual(["pid-gone reaped", "attached-cli kept"]);
});

test("a file that is called by a pid is that process's, unless the configuration says otherwise", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const [gone, alive] = [await gonePid(), await idle()];
  await pretend(scratch.dir, ["codex", "resume", id]);
  const registries = [{}, { about: "session" }].map((more, index) => {
    const path = join(scratch.dir, `records-${index}`);
    for (const { pid } of [gone, alive]) writeOld(join(path, `${pid}.json`), JSON.stringify({ id, since }));
    return { format: "json-file", path, pattern: "<pid>.json", fields: { sessionId: "id", registeredAt: "since" }, ...more };
  });
  configure(scratch, { registries });
  const { entries } = await sweepReport(scratch, []);
  const dead = entries.filter(({ key }) => key === `${gone.pid}.json`);
  expect(dead.map(({ reason }) => reason)).toEqual(["pid-gone", "attached-cli"]);
});
