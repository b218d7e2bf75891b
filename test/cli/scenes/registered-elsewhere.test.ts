import { randomUUID } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, downServer, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid, idle, stop, type Running, type StartOptions } from "../../processes.ts";

const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

/** A Claude whose arguments name no session, with the record that it writes of itself. */
async function claudeOf(
  { env }: Scratch,
  sessionId: string,
  more: object = {},
  profile = ".claude",
  options: StartOptions = {},
): Promise<Running> {
  const claude = await idle({ argv0: "claude", ...options });
  const { pid, startTicks } = claude;
  const sessions = join(env["HOME"] as string, profile, "sessions");
  mkdirSync(sessions, { recursive: true });
  writeOld(
    join(sessions, `${pid}.json`),
    JSON.stringify({ pid, sessionId, procStart: startTicks, startedAt: Date.now() - 86_400_000, ...more }),
  );
  return claude;
}

/** A bridge's row of a session, silent for longer than the TTL, in the only registry that is judged. */
function bridgeRow(scratch: Scratch, id: string): void {
  const path = writeOld(join(scratch.dir, "bridge.json"), JSON.stringify({ mars: { threadId: id, registeredAt: daysAgo(9) } }));
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path, ...downServer }] });
}

const fateOf = async (scratch: Scratch) => by(await sweepReport(scratch, []), "verdict", "reason", "action")["mars"];

test("a bridge's row of the session that Claude's own record proves alive is live, though only the bridge is judged", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const claude = await claudeOf(scratch, id);
  bridgeRow(scratch, id);
  expect(await fateOf(scratch)).toBe("live registered-alive kept");
  await stop(claude);
  expect(await fateOf(scratch)).toBe("ghost app-server-down pending");
});

test("a record without a start leaves a doubt", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  await claudeOf(scratch, id, { procStart: undefined });
  bridgeRow(scratch, id);
  expect(await fateOf(scratch)).toBe("undecided registered-alive kept");
});

test("a job of a declared registry is live by Claude's own record, and a dead row goes beside a live one of its session", async () => {
  const scratch = newScratch();
  const [id, other] = [randomUUID(), randomUUID()];
  const claude = await claudeOf(scratch, id);
  const gone = await idle();
  await stop(gone);
  const row = { id: other, pid: gone.pid, start: gone.startTicks, since: daysAgo(1) };
  const path = writeOld(
    join(scratch.dir, "jobs.json"),
    JSON.stringify({
      mars: { id, since: daysAgo(9) },
      moved: { ...row, id, pid: gone.pid },
      "one that is gone": row,
      "one that took it up": { ...row, pid: claude.pid, start: claude.startTicks },
    }),
  );
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({
    mars: "registered-alive kept",
    moved: "registered-alive kept",
    "one that is gone": "pid-gone reaped",
    "one that took it up": "pid-alive kept",
  });
});

test("a record in another profile of Claude counts as one in the usual place, also behind a symbolic link", async () => {
  const scratch = newScratch();
  const [id, linked] = [randomUUID(), randomUUID()];
  await claudeOf(scratch, id, {}, ".claude-work");
  await claudeOf(scratch, linked, {}, "elsewhere");
  const home = scratch.env["HOME"] as string;
  symlinkSync(join(home, "elsewhere"), join(home, ".claude"));
  const path = writeOld(
    join(scratch.dir, "bridge.json"),
    JSON.stringify({ venus: { threadId: linked, registeredAt: daysAgo(9) }, mars: { threadId: id, registeredAt: daysAgo(9) } }),
  );
  configure(scratch, { registries: [{ format: "llmmsg-bridge", path, ...downServer }] });
  expect(by(await sweepReport(scratch, []), "reason")).toEqual({ venus: "registered-alive", mars: "registered-alive" });
});

test("a profile of which only the environment of its Claude knows speaks before a session's row goes", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const gone = await gonePid();
  const profile = join(scratch.env["HOME"] as string, "profiles", "work");
  mkdirSync(profile, { recursive: true });
  const claude = await claudeOf(scratch, id, {}, "profiles/work", { env: { CLAUDE_CONFIG_DIR: `${profile}/` } });
  const row = { id, pid: gone.pid, start: gone.startTicks, since: daysAgo(9) };
  const path = writeOld(join(scratch.dir, "jobs.json"), JSON.stringify({ mars: row, other: { ...row, id: randomUUID() } }));
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(by(await sweepReport(scratch, ["-n"]), "reason", "action")).toEqual({
    mars: "registered-alive kept",
    other: "pid-gone would-reap",
  });
  await stop(claude);
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ mars: "pid-gone reaped", other: "pid-gone reaped" });
});

test("a registry of the configuration speaks where an option leaves only another one to be judged", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const { pid, startTicks } = await idle();
  const jobs = writeOld(join(scratch.dir, "jobs.json"), JSON.stringify({ job: { id, pid, start: startTicks, since: daysAgo(1) } }));
  const path = writeOld(join(scratch.dir, "bridge.json"), JSON.stringify({ mars: { threadId: id, registeredAt: daysAgo(9) } }));
  configure(scratch, {
    registries: [
      { format: "llmmsg-bridge", path, ...downServer },
      { format: "keyed-json", path: jobs, fields },
    ],
  });
  expect(by(await sweepReport(scratch, ["--registry", path]), "reason")).toEqual({ mars: "registered-alive" });
});

test("a dead holder beside a record that only a number proves is a doubt, and goes when that process does", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const claude = await claudeOf(scratch, id, { procStart: undefined });
  const { pid, startTicks: start } = await gonePid();
  const path = writeOld(join(scratch.dir, "jobs.json"), JSON.stringify({ mars: { id, pid, start, since: daysAgo(1) } }));
  configure(scratch, { registries: [{ format: "keyed-json", path, fields }] });
  expect(await fateOf(scratch)).toBe("undecided registered-alive kept");
  await stop(claude);
  expect(await fateOf(scratch)).toBe("ghost pid-gone reaped");
});

test("a live process whose own record is torn can run any session of its user, and a dead one none", async () => {
  const scratch = newScratch();
  bridgeRow(scratch, randomUUID());
  const claude = await idle({ argv0: "claude" });
  const sessions = join(scratch.env["HOME"] as string, ".claude", "sessions");
  mkdirSync(sessions, { recursive: true });
  for (const { pid } of [claude, await gonePid()]) writeOld(join(sessions, `${pid}.json`), `{"pid":${pid},"sess`);
  expect(await fateOf(scratch)).toBe("undecided homes-unseen kept");
  await stop(claude);
  expect(await fateOf(scratch)).toBe("ghost app-server-down pending");
});

test("records behind a symbolic link that leads nowhere could not be read", async () => {
  const scratch = newScratch();
  bridgeRow(scratch, randomUUID());
  symlinkSync("/nonexistent/claude", join(scratch.env["HOME"] as string, ".claude"));
  expect(await fateOf(scratch)).toBe("undecided homes-unseen kept");
});

test("a roster's worker whose pty host has ended keeps a row of its session while the process that runs it lives", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const [host, runner] = [await gonePid(), await idle({ argv0: "claude" })];
  const worker = { sessionId: id, pid: host.pid, procStart: host.startTicks, replPid: runner.pid, replProcStart: runner.startTicks };
  const workers = { aaaa1111: { ...worker, startedAt: Date.now() - 86_400_000, cwd: "/" } };
  writeOld(join(scratch.env["HOME"] as string, ".claude/daemon/roster.json"), JSON.stringify({ workers }));
  bridgeRow(scratch, id);
  expect(await fateOf(scratch)).toBe("live registered-alive kept");
  await stop(runner);
  expect(await fateOf(scratch)).toBe("ghost app-server-down pending");
});
