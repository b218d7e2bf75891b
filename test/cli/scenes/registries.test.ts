import { randomUUID } from "node:crypto";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { fields } from "../../fields.ts";
import { by, configure, leaveOut, newScratch, nobodysScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid, idle, pretend, start, stop, until, zombie } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that accepts connections and never says a word. */
async function wedged(at: { readonly port: number; readonly host: string } | { readonly path: string }): Promise<Server> {
  const server = createServer(() => undefined).listen(at);
  servers.push(server);
  await once(server, "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as { readonly port: number }).port;

const sessionsOf = ({ home }: Scratch): string => join(home, ".claude", "sessions");

function session(scratch: Scratch, pid: number, procStart: string | undefined): string {
  const body = { pid, sessionId: randomUUID(), startedAt: 1_780_000_000_000, procStart, version: "2.1.197", kind: "interactive" };
  return writeOld(join(sessionsOf(scratch), `${pid}.json`), JSON.stringify(body));
}

test("Claude's sessions are judged by their process, whatever became of it, and nothing but ghosts is touched", async () => {
  const scratch = newScratch();
  const [alive, unticked, reused, gone, dead] = [
    await idle(),
    await pretend(scratch.dir, ["claude", "a"]),
    await idle(),
    await gonePid(),
    await zombie(),
  ];
  const stranger = await idle();
  session(scratch, alive.pid, alive.startTicks);
  session(scratch, unticked.pid, undefined);
  session(scratch, reused.pid, String(Number(reused.startTicks) - 1));
  session(scratch, stranger.pid, undefined);
  session(scratch, gone.pid, gone.startTicks);
  session(scratch, dead.pid, dead.startTicks);
  session(scratch, process.pid, "1");
  writeOld(join(sessionsOf(scratch), "1.json"), "{}");
  writeOld(join(sessionsOf(scratch), "notes.json"), "{}");
  writeOld(join(sessionsOf(scratch), `${gone.pid}.${"0".repeat(64)}.key`), "{}");
  const before = statSync(join(sessionsOf(scratch), `${alive.pid}.json`));

  const report = await sweepReport(scratch, ["--registry", "claude-sessions"]);
  expect(by(report, "verdict", "reason", "action")).toEqual({
    [`${alive.pid}.json`]: "live pid-alive kept",
    [`${unticked.pid}.json`]: "live pid-alive kept",
    [`${reused.pid}.json`]: "ghost pid-reused reaped",
    [`${stranger.pid}.json`]: "undecided pid-unproven kept",
    [`${gone.pid}.json`]: "ghost pid-gone reaped",
    [`${dead.pid}.json`]: "ghost pid-zombie reaped",
    [`${process.pid}.json`]: "ghost pid-reused reaped",
    "1.json": "undecided malformed-entry kept",
    [`${gone.pid}.${"0".repeat(64)}.key`]: "undecided malformed-entry kept",
  });
  const after = statSync(join(sessionsOf(scratch), `${alive.pid}.json`));
  expect([after.ino, after.mtimeMs, after.ctimeMs]).toEqual([before.ino, before.mtimeMs, before.ctimeMs]);
  expect(existsSync(join(sessionsOf(scratch), "notes.json"))).toBe(true);
  expect(existsSync(join(sessionsOf(scratch), `${gone.pid}.${"0".repeat(64)}.key`))).toBe(true);
});

test("a session of another user's process is alive, although no signal may be sent to it", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("another user's session", "only root can run as two users");
    skip();
  }
  const scratch = nobodysScratch();
  const roots = await idle();
  const file = session(scratch, roots.pid, roots.startTicks);
  for (const path of [file, sessionsOf(scratch), join(scratch.home, ".claude")]) chownSync(path, nobody, nobody);
  const report = await sweepReport(scratch, ["--registry", "claude-sessions"], { asNobody: true });
  expect(by(report, "verdict", "reason")).toEqual({ [`${roots.pid}.json`]: "live pid-alive" });
});

test("a record that may not be read is a doubt: one of this user's is said and exits 3, another user's is for that one", async ({
  skip,
}) => {
  if (!isRoot) {
    leaveOut("files that may not be read", "root can read every file");
    skip();
  }
  const scratch = nobodysScratch();
  const [gone, alive] = [await gonePid(), await idle()];
  const [own, roots] = [session(scratch, gone.pid, "1"), session(scratch, alive.pid, alive.startTicks)];
  for (const path of [own, sessionsOf(scratch), join(scratch.home, ".claude")]) chownSync(path, nobody, nobody);
  chmodSync(roots, 0o600);
  const look = () => sweepReport(scratch, ["--registry", "claude-sessions", "--now"], { asNobody: true });
  chmodSync(own, 0);
  const refused = await look();
  expect(by(refused, "verdict", "action")).toEqual({ [`${gone.pid}.json`]: "undecided kept", [`${alive.pid}.json`]: "undecided kept" });
  expect(refused.registries[0]?.problem).toBe(`${gone.pid}.json could not be read: permission denied (EACCES)`);
  expect(refused.exitCode).toBe(3);
  chmodSync(own, 0o600);
  const read = await look();
  expect(by(read, "verdict", "action")).toEqual({ [`${gone.pid}.json`]: "ghost reaped", [`${alive.pid}.json`]: "undecided kept" });
  expect(read.exitCode).toBe(0);
});

test("a sweep by root of a user's sessions leaves their owner as he was, and a restored one is his again", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("root among a user's sessions", "only root can write for another user");
    skip();
  }
  const scratch = newScratch();
  const [gone, alive] = [await gonePid(), await idle()];
  const [ghost, kept] = [session(scratch, gone.pid, "1"), session(scratch, alive.pid, alive.startTicks)];
  for (const path of [ghost, kept, sessionsOf(scratch)]) chownSync(path, nobody, nobody);
  const swept = await sweepReport(scratch, ["--registry", "claude-sessions"]);
  expect(swept.summary).toMatchObject({ reaped: 1, live: 1 });
  await sweepReport(scratch, ["restore", `${gone.pid}.json`]);
  expect([statSync(ghost).uid, statSync(kept).uid, statSync(sessionsOf(scratch)).uid]).toEqual([nobody, nobody, nobody]);
});

test("a lock that is a directory, which root put back for a user, is that user's, and so is its directory", async ({ skip }) => {
  if (!isRoot) {
    leaveOut("root among a user's locks", "only root can write for another user");
    skip();
  }
  const scratch = newScratch(openPlace());
  const lock = join(scratch.dir, "locks", "a.lock");
  configure(scratch, {
    registries: [
      { format: "json-file", path: join(scratch.dir, "locks"), pattern: "*.lock/owner.json", fields: { pid: "pid" }, ownDirectory: true },
    ],
  });
  writeOld(join(lock, "owner.json"), JSON.stringify({ pid: (await gonePid()).pid }));
  for (const path of [join(lock, "owner.json"), lock, join(scratch.dir, "locks")]) chownSync(path, nobody, nobody);
  expect((await sweepReport(scratch, [])).summary).toMatchObject({ reaped: 1 });
  expect(existsSync(lock)).toBe(false);
  await sweepReport(scratch, ["restore", "a.lock/owner.json"]);
  expect([lock, join(lock, "owner.json")].map((path) => [statSync(path).uid, statSync(path).gid])).toEqual([
    [nobody, nobody],
    [nobody, nobody],
  ]);
});

test("an editor's lock whose pid a stranger has is kept, for the stranger may be an editor that nobody knows", async () => {
  const scratch = newScratch();
  const [stranger, editor, gone] = [await idle(), await pretend(scratch.dir, ["code", "window"]), await gonePid()];
  const [open, closing] = [await wedged({ port: 0, host: "127.0.0.1" }), await wedged({ port: 0, host: "127.0.0.1" })];
  const [openPort, closedPort] = [portOf(open), portOf(closing)];
  await new Promise((done) => void closing.close(done));
  const lock = (port: number, pid: number | undefined): string =>
    writeOld(join(scratch.home, ".claude", "ide", `${port}.lock`), JSON.stringify({ pid, ideName: "Editor", transport: "ws" }));
  lock(openPort, stranger.pid);
  lock(closedPort, stranger.pid);
  const said = async (words: readonly string[]) =>
    by(await sweepReport(scratch, ["--registry", "claude-ide", ...words]), "verdict", "reason", "action");
  expect(await said([])).toEqual({
    [`${openPort}.lock`]: "undecided pid-unproven kept",
    [`${closedPort}.lock`]: "undecided pid-unproven kept",
  });
  lock(closedPort, editor.pid);
  lock(openPort, gone.pid);
  expect(await said(["--now"])).toEqual({
    [`${openPort}.lock`]: "ghost pid-gone reaped",
    [`${closedPort}.lock`]: "live pid-alive kept",
  });
});

test("a broker's file goes when the broker is gone, though something wedged still accepts at its socket", async () => {
  const scratch = newScratch();
  const socket = join(scratch.dir, "broker.sock");
  await wedged({ path: socket });
  const [gone, other] = [await gonePid(), await start(process.execPath, ["-e", "process.stdin.resume()"])];
  const broker = await pretend(scratch.dir, ["node", "app-server-broker.mjs"]);
  const at = (name: string, endpoint: string, pid: number): string =>
    writeOld(
      join(scratch.home, ".claude", "plugins", "data", "codex-openai-codex", "state", name, "broker.json"),
      JSON.stringify({ endpoint: `unix:${endpoint}`, pid }),
    );
  const missing = join(scratch.dir, "missing.sock");
  at("wedged", socket, gone.pid);
  at("recycled-open", socket, other.pid);
  at("recycled-closed", missing, other.pid);
  at("alive", missing, broker.pid);
  const report = await sweepReport(scratch, ["--registry", "codex-broker"], { env: { TMPDIR: scratch.dir } });
  const key = (name: string): string => `codex-openai-codex/state/${name}/broker.json`;
  expect(by(report, "verdict", "reason", "action")).toEqual({
    [key("wedged")]: "ghost pid-gone reaped",
    [key("recycled-open")]: "undecided pid-unproven kept",
    [key("recycled-closed")]: "undecided pid-unproven kept",
    [key("alive")]: "live pid-alive kept",
  });
});

test("a session outlives its shim while the native child that the shim started runs", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const script = join(scratch.dir, "node_modules", "@openai", "codex", "bin", "codex.js");
  mkdirSync(join(script, ".."), { recursive: true });
  writeFileSync(
    script,
    `const { spawn } = require("node:child_process");
     const child = spawn("/bin/sh", ["resume", ${JSON.stringify(id)}], { argv0: "codex", cwd: ${JSON.stringify(scratch.dir)}, stdio: "ignore" });
     process.stdout.write(child.pid + "\\n");
     process.stdin.resume();`,
  );
  execFileSync("mkfifo", [join(scratch.dir, "never")]);
  writeFileSync(join(scratch.dir, "resume"), "exec 3<>never\nread never <&3\n");
  const shim = await start(process.execPath, [script, "resume", id]);
  const [line] = (await once(shim.child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const native = Number(line.toString("utf8").trim());
  const shows = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "utf8");
  await until("the native child shows its argv", () => shows(native).startsWith("codex\0resume"));
  const path = join(scratch.home, ".omx", "state", "session.json");
  const body = {
    native_session_id: id,
    pid: shim.pid,
    platform: "linux",
    pid_start_ticks: Number(shim.startTicks),
    started_at: "2026-01-01T00:00:00Z",
  };
  const said = async () => {
    writeOld(path, JSON.stringify(body));
    return by(await sweepReport(scratch, ["--registry", "omx-session"], { cwd: scratch.home }), "verdict", "reason", "action");
  };
  expect(await said()).toEqual({ "session.json": "live pid-alive kept" });
  const ended = once(shim.child, "exit");
  process.kill(shim.pid, "SIGKILL");
  await ended;
  expect(await said()).toEqual({ "session.json": "live attached-cli kept" });
  process.kill(native, "SIGKILL");
  await until("the native child is gone", () => !existsSync(`/proc/${native}/cmdline`) || shows(native) === "");
  expect(await said()).toEqual({ "session.json": "ghost pid-gone reaped" });
  await stop(shim);
});

test("one process under two sessions: the drifted row is called a phantom, with both ids, and never reaped while it lives", async () => {
  const scratch = newScratch();
  const holder = await idle();
  session(scratch, holder.pid, holder.startTicks);
  const known = (JSON.parse(readFileSync(join(sessionsOf(scratch), `${holder.pid}.json`), "utf8")) as { readonly sessionId: string })
    .sessionId;
  const [mismatched, path] = [randomUUID(), join(scratch.dir, "agents.json")];
  mkdirSync(join(scratch.home, ".config", "sessreap"), { recursive: true });
  const registries = [{ format: "claude-sessions" }, { format: "keyed-json", path, fields }];
  writeFileSync(join(scratch.home, ".config", "sessreap", "config.json"), JSON.stringify({ registries }));
  writeOld(path, JSON.stringify({ gardener: { id: mismatched, pid: holder.pid, start: holder.startTicks, beat: Date.now() } }));
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "action", "phantomOf")).toEqual({
    [`${holder.pid}.json`]: "live kept null",
    gardener: `live kept ${known}`,
  });
  const { detail } = report.entries.find(({ key }) => key === "gardener") ?? { detail: "" };
  expect(detail).toContain(known);
  expect(detail).toContain(mismatched);
  await stop(holder);
  expect(by(await sweepReport(scratch, ["--now"]), "action")).toEqual({ [`${holder.pid}.json`]: "reaped", gardener: "reaped" });
});
