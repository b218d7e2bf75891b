import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { by, daysAgo, declareRegistry, newScratch, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { bootId, gonePid, idle, leaderless, start, type Running } from "../../processes.ts";

const since = daysAgo(1);

/** A program of its own name and place: a copy of the shell that waits for input which never comes. */
async function programAt(path: string, argv0 = path): Promise<Running> {
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync("/bin/sh", path);
  return start(path, ["-c", "read never; :"], { argv0 });
}

function marker(scratch: Scratch, pid: number): string {
  return writeOld(join(scratch.dir, ".orchestrator-state", `active-session-${pid}`), "");
}

function record(scratch: Scratch, pid: number, procStart?: string): string {
  const body = { pid, sessionId: randomUUID(), startedAt: 1_780_000_000_000, procStart, version: "2.1.271", kind: "interactive" };
  return writeOld(join(scratch.home, ".claude", "sessions", `${pid}.json`), JSON.stringify(body));
}

/** What a sweep with nothing else to look at says of the two registries that Claude's processes show in. */
async function judged(scratch: Scratch): Promise<Readonly<Record<string, string>>> {
  return by(
    await sweepReport(scratch, ["--registry", "claude-sessions", "--registry", "pid-files", "--now"]),
    "verdict",
    "reason",
    "action",
  );
}

test.each([
  ["below Claude's own directory", ".claude/remote/ccd-cli/2.1.271"],
  ["below a directory of versions", ".local/share/claude/versions/2.1.271"],
  ["below a package of node's", "lib/node_modules/@anthropic-ai/claude-code/vendor/2.1.271"],
])("a live Claude whose executable %s is called by its version is the holder", async (_, path) => {
  const scratch = newScratch();
  const { pid } = await programAt(join(scratch.home, path));
  marker(scratch, pid);
  record(scratch, pid);
  expect(await judged(scratch)).toEqual({ [`active-session-${pid}`]: "live pid-alive kept", [`${pid}.json`]: "live pid-alive kept" });
});

test("a live Claude whose executable was replaced under it is the holder", async () => {
  const scratch = newScratch();
  const path = join(scratch.home, ".claude", "remote", "ccd-cli", "2.1.271");
  const { pid } = await programAt(path, "2.1.271");
  unlinkSync(path);
  record(scratch, pid);
  expect(await judged(scratch)).toEqual({ [`${pid}.json`]: "live pid-alive kept" });
});

test("a live program that no list knows is a doubt, whatever it is called, and stays one", async () => {
  const scratch = newScratch();
  const { pid } = await programAt(join(scratch.dir, "bin", "quill"));
  marker(scratch, pid);
  record(scratch, pid);
  const doubt = { [`active-session-${pid}`]: "undecided pid-unproven kept", [`${pid}.json`]: "undecided pid-unproven kept" };
  expect(await judged(scratch)).toEqual(doubt);
  expect(await judged(scratch)).toEqual(doubt);
});

test("three live holders whose start is recorded in milliseconds since 1970 are kept, and that is said", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const holders = [await idle(), await idle(), await idle()];
  const gone = await gonePid();
  const entries = Object.fromEntries(holders.map(({ pid }, index) => [`h${index}`, { pid, start: Date.now() - 1000 * index, since }]));
  writeOld(path, JSON.stringify({ ...entries, gone: { pid: gone.pid, start: Date.now(), since } }));
  const report = await sweepReport(scratch, ["--now"]);
  const doubt = "undecided start-token-unproven kept";
  expect(by(report, "verdict", "reason", "action")).toEqual({ h0: doubt, h1: doubt, h2: doubt, gone: "ghost pid-gone reaped" });
  expect((await sessreap(scratch, ["--now"])).stderr).toContain("their start tokens may be none");
  expect((await sessreap(scratch, ["doctor", "-v"])).stdout).toContain("start-tokens-unproven");
});

test("of two releases of a writer one records ticks, the other milliseconds since 1970, and the live holders of both are kept", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const [older, newer, reused] = [await idle(), await idle(), await idle()];
  const startedAt = Date.now();
  writeOld(
    path,
    JSON.stringify({
      older: { pid: older.pid, start: older.startTicks, since },
      newer: { pid: newer.pid, start: startedAt, since },
      reused: { pid: reused.pid, start: startedAt - 86_400_000, since },
    }),
  );
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "reason", "action")).toEqual({
    older: "live pid-alive kept",
    newer: "live pid-alive kept",
    reused: "ghost pid-reused reaped",
  });
});

test("start tokens of a declared registry are believed once one has matched, until its fields change", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const [holder, reused] = [await idle(), await idle()];
  const write = (entries: object): string => writeOld(path, JSON.stringify(entries));
  const verdicts = async () => by(await sweepReport(scratch, ["--dry-run"]), "reason", "action");
  const stale = { pid: reused.pid, start: "1", since };
  write({ stale });
  expect(await verdicts()).toEqual({ stale: "start-token-unproven kept" });
  write({ holder: { pid: holder.pid, start: holder.startTicks, since }, stale });
  expect(await verdicts()).toEqual({ holder: "pid-alive kept", stale: "pid-reused would-reap" });
  // A sweep that writes remembers it; a dry run leaves nothing.
  write({ holder: { pid: holder.pid, start: holder.startTicks, since } });
  await sweepReport(scratch, []);
  write({ stale });
  expect(await verdicts()).toEqual({ stale: "pid-reused would-reap" });
  declareRegistry(scratch, { fields: { pid: "pid", startTicks: "started", registeredAt: "since" } });
  write({ stale: { pid: reused.pid, started: "1", since } });
  expect(await verdicts()).toEqual({ stale: "start-token-unproven kept" });
});

test("a process whose leader has ended is alive while another of its threads works", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const holder = await leaderless("codex");
  const [id, boot] = [randomUUID(), bootId()];
  writeOld(
    path,
    JSON.stringify({ holder: { id, pid: holder.pid, start: holder.startTicks, boot, since }, bare: { pid: holder.pid, since } }),
  );
  expect(by(await sweepReport(scratch, []), "verdict", "reason", "action")).toEqual({
    holder: "live pid-alive kept",
    bare: "live pid-alive kept",
  });
});
