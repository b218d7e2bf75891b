import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { OwnersDocument } from "../../../src/report/model/owners.ts";
import { leaderless, start, startTicksOf, until, type Running } from "../../processes.ts";
import { argvOf, isThere, newSession, processesOf } from "../agents.ts";
import { newScratch, parseOnly, sessreap, type Scratch } from "../harness.ts";

/** A scratch in which stand-ins of agents run: a shell's own file under their names, which runs a script called like its first word. */
type Stage = { readonly scratch: Scratch; readonly session: string; readonly waiting: string };

function newStage(): Stage {
  const scratch = newScratch();
  const never = join(scratch.dir, "never");
  execFileSync("mkfifo", [never]);
  const stage = { scratch, session: newSession(), waiting: `read never < ${never}` };
  for (const word of ["resume", "exec", "idle"]) writeScript(stage, word, stage.waiting);
  return stage;
}

function writeScript({ scratch }: Stage, word: string, script: string): void {
  writeFileSync(join(scratch.dir, word), `${script}\n`);
}

/** A program of this name, so that its file proves what it is. */
function install({ scratch }: Stage, path: string, from = "/bin/sh"): string {
  const file = join(scratch.dir, path);
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(from, file);
  return file;
}

/** Starts a stand-in. Two that start in one clock tick cannot be told apart by age. */
async function run(stage: Stage, file: string, words: readonly string[], argv0 = file): Promise<Running> {
  const { scratch } = stage;
  const running = await start(file, words, { argv0, cwd: scratch.dir, env: scratch.env });
  await new Promise((resolve) => void setTimeout(resolve, 30));
  return running;
}

/** What `owners` says of one session: its harnesses by their pids and marks, and what became of those that were to go. */
async function owners({ scratch, session }: Stage, ...words: readonly string[]) {
  const ran = await sessreap(scratch, ["owners", "--json", "--session", session, ...words]);
  const { sessions, retired, warnings } = parseOnly(ran.stdout, ran.stderr) as OwnersDocument;
  const harnesses = (sessions[0]?.harnesses ?? []).map(({ processes, hosts, children, possible, doubts }) => ({
    pids: processes.map(({ pid }) => pid),
    hosts: hosts.map(({ pid }) => pid),
    children: Object.fromEntries(children.map(({ pid, stays }) => [pid, stays ?? "goes"])),
    certain: possible === null && doubts.length === 0,
  }));
  return { code: ran.code, harnesses, retired, warnings };
}

/** Claude's own record of a process, as its newest release writes it. */
function record(
  { scratch }: Stage,
  { pid, startTicks }: Pick<Running, "pid" | "startTicks">,
  sessionId: string,
  version = "2.1.332",
): void {
  const sessions = join(scratch.home, ".claude", "sessions");
  mkdirSync(sessions, { recursive: true });
  const body = { pid, sessionId, procStart: startTicks, version, startedAt: Date.now() };
  writeFileSync(join(sessions, `${pid}.json`), JSON.stringify(body));
}

/** The process of this stage that was told these words last. */
async function found({ scratch }: Stage, ...words: readonly string[]): Promise<Running> {
  const pid = (): number | undefined => processesOf(scratch).find((one) => argvOf(one).join("\0").endsWith(words.join("\0")));
  await until(`${words.join(" ")} runs`, () => pid() !== undefined);
  const it = pid() as number;
  return { pid: it, startTicks: startTicksOf(it) } as Running;
}

const there = (...these: readonly Pick<Running, "pid">[]): readonly boolean[] => these.map(({ pid }) => isThere(pid));

test("a background Claude in a claimed spare is a harness, and one told to resume its session a possible duplicate", async () => {
  const stage = newStage();
  writeScript(stage, "--bg-spare", stage.waiting);
  const claude = install(stage, "claude");
  const spare = await run(stage, claude, ["--", "--bg-spare", "/tmp/cc-daemon-0/2c47135a/spare/1.claim.sock"], "claude bg-spare");
  record(stage, spare, stage.session);
  expect(await owners(stage, "--exit-code")).toMatchObject({ code: 0, harnesses: [{ pids: [spare.pid], certain: true }] });
  const second = await run(stage, claude, ["resume", stage.session], "claude");
  const harnesses = [
    { pids: [spare.pid], certain: true },
    { pids: [second.pid], certain: false },
  ];
  expect(await owners(stage, "--exit-code")).toMatchObject({ code: 10, harnesses });
  const older = await owners(stage, "--retire", "older", "--yes");
  expect([older.code, older.retired, there(spare, second)]).toEqual([0, [], [true, true]]);
  expect(older.warnings.join()).toContain(`--retire ${second.pid} ends it`);
  await owners(stage, "--retire", String(second.pid), "--yes");
  expect(there(spare, second)).toEqual([true, false]);
});

test("of Claudes whose own records name one session the older goes, and one whose release leaves its record behind stays", async () => {
  const stage = newStage();
  const claude = install(stage, "claude");
  const begin = async (version?: string): Promise<Running> => {
    const running = await run(stage, claude, ["idle"], "claude");
    record(stage, running, stage.session, version);
    return running;
  };
  const [stale, older, newer] = [await begin("2.1.197"), await begin(), await begin()];
  const { retired } = await owners(stage, "--retire", "older", "--yes");
  expect(retired.map(({ role, pid, became }) => [role, pid, became])).toEqual([["harness", older.pid, "ended"]]);
  expect(there(stale, older, newer)).toEqual([true, false, true]);
});

test("a Claude whose record names another session by now is no harness of the one that it was started with", async () => {
  const stage = newStage();
  const other = newSession();
  const moved = await run(stage, install(stage, "claude"), ["resume", stage.session], "claude");
  record(stage, moved, other);
  const codex = await run(stage, install(stage, "codex"), ["resume", stage.session], "codex");
  expect((await owners(stage)).harnesses).toMatchObject([{ pids: [codex.pid], certain: true }]);
  expect((await owners({ ...stage, session: other })).harnesses).toMatchObject([{ pids: [moved.pid], certain: true }]);
});

test("a roster's host and what it runs are one harness, of which only what it runs is ended", async () => {
  const stage = newStage();
  const claude = install(stage, "claude");
  writeScript(stage, "--bg-pty-host", `${claude} idle & ${stage.waiting}`);
  const host = await run(stage, claude, ["--", "--bg-pty-host", "/tmp/x.sock"], "claude bg-pty-host");
  const inside = await found(stage, claude, "idle");
  record(stage, inside, stage.session);
  const daemon = join(stage.scratch.home, ".claude", "daemon");
  mkdirSync(daemon, { recursive: true });
  const worker = { pid: host.pid, procStart: host.startTicks, sessionId: stage.session, startedAt: Date.now() };
  writeFileSync(join(daemon, "roster.json"), JSON.stringify({ proto: 1, workers: { aaaa1111: worker } }));
  expect((await owners(stage)).harnesses).toMatchObject([{ pids: [inside.pid], hosts: [host.pid], certain: true }]);
  const { retired } = await owners(stage, "--retire", String(inside.pid), "--yes");
  expect(retired.map(({ role, pid, signal }) => [role, pid, signal])).toEqual([
    ["harness", inside.pid, "SIGTERM"],
    ["host", host.pid, null],
  ]);
  expect(there(host, inside)).toEqual([true, false]);
});

/** Two Codex of one session, of which the older has started what it was told. */
async function olderWith(stage: Stage, script: string): Promise<readonly [Running, Running]> {
  const codex = install(stage, "codex");
  writeScript(stage, "resume", `${script}\n${stage.waiting}`);
  const older = await run(stage, codex, ["resume", stage.session], "codex");
  writeScript(stage, "resume", stage.waiting);
  return [older, await run(stage, codex, ["resume", stage.session], "codex")];
}

test("of what hangs below a harness only a background child that is proven to be its own goes", async () => {
  const stage = newStage();
  const { dir } = stage.scratch;
  for (const path of ["vscode/code", "tools/editor", "tools/claude"]) install(stage, path);
  install(stage, "codex");
  mkdirSync(join(dir, "other"));
  writeFileSync(join(dir, "other", "codex.js"), "setInterval(() => {}, 1000);\n");
  writeScript(stage, "serve", `${dir}/codex exec "/review of the server" & ${stage.waiting}`);
  const [older, newer] = await olderWith(
    stage,
    `${dir}/codex exec "/review mine" &
     ${dir}/vscode/code exec notes.txt &
     ${dir}/tools/editor serve &
     ${dir}/tools/claude idle registered &
     ${process.execPath} ${dir}/other/codex.js exec "/review elsewhere" &
     exec 8> ${dir}/daemon.lock; flock 8; ${dir}/codex exec "/review locked" & exec 8>&-`,
  );
  const words = ["/review mine", "notes.txt", "serve", "/review of the server", "registered", "/review elsewhere", "/review locked"];
  const [mine, editor, server, servers, claude, elsewhere, locked] = (await Promise.all(words.map((word) => found(stage, word)))) as [
    Running,
    Running,
    Running,
    Running,
    Running,
    Running,
    Running,
  ];
  record(stage, claude, newSession());
  expect((await owners(stage)).harnesses[0]?.children).toEqual({
    [mine.pid]: "goes",
    [editor.pid]: "code is not proven to be an agent",
    [servers.pid]: `pid ${server.pid} (editor) stands between`,
    [elsewhere.pid]: "node is not proven to be an agent",
    [locked.pid]: `it has locked ${dir}/daemon.lock`,
  });
  const { code, retired } = await owners(stage, "--retire", "older", "--yes");
  expect(code).toBe(0);
  expect(retired.filter(({ signal }) => signal !== null).map(({ pid }) => pid)).toEqual([older.pid, mine.pid]);
  expect(there(older, mine)).toEqual([false, false]);
  expect(there(newer, editor, server, servers, claude, elsewhere, locked)).toEqual([true, true, true, true, true, true, true]);
});

test("a shell that calls itself Claude is a possible harness only", async () => {
  const stage = newStage();
  const wrapper = await run(stage, "/bin/sh", ["resume", stage.session], "codex");
  const codex = await run(stage, install(stage, "codex"), ["resume", stage.session], "codex");
  expect((await owners(stage)).harnesses).toMatchObject([
    { pids: [wrapper.pid], certain: false },
    { pids: [codex.pid], certain: true },
  ]);
  await owners(stage, "--retire", "older", "--yes");
  expect(there(wrapper, codex)).toEqual([true, true]);
});

test("a harness whose program was deleted, and its child of the same file, are what they were", async () => {
  const stage = newStage();
  const file = install(stage, "codex");
  const [older, newer] = await olderWith(stage, `${file} exec "/review mine" &`);
  const child = await found(stage, "/review mine");
  execFileSync("rm", [file]);
  await owners(stage, "--retire", "older", "--yes");
  expect(there(older, child, newer)).toEqual([false, false, true]);
});

test("a harness whose first thread has ended while another works is one, and is ended", async () => {
  const stage = newStage();
  const older = await leaderless("codex", "resume", stage.session);
  expect(readFileSync(`/proc/${older.pid}/stat`, "utf8")).toMatch(/\) Z /);
  const newer = await run(stage, install(stage, "codex"), ["resume", stage.session], "codex");
  expect((await owners(stage)).harnesses.map(({ pids }) => pids)).toEqual([[older.pid], [newer.pid]]);
  await owners(stage, "--retire", String(older.pid), "--yes");
  await until("all its threads have ended", () => !existsSync(`/proc/${older.pid}`));
  expect(there(newer)).toEqual([true]);
});

test("exec --reap-children ends the command's own background child, and leaves and lists what is not", async () => {
  const stage = newStage();
  const { scratch, session } = stage;
  const codex = install(stage, "codex");
  const code = install(stage, "vscode/code");
  const claude = install(stage, "claude");
  const sessions = join(scratch.home, ".claude", "sessions");
  mkdirSync(sessions, { recursive: true });
  const script = `
    exec > /dev/null 2>&1
    ${codex} exec "/review mine" & ${code} exec notes.txt & ${claude} idle registered & pid=$!
    start=$(cut -d' ' -f22 /proc/$pid/stat)
    echo '{"pid":'$pid',"sessionId":"${newSession()}","procStart":"'$start'","version":"2.1.332"}' > ${sessions}/$pid.json
    sleep 0.3`;
  const { stderr, code: exitCode } = await sessreap(scratch, ["exec", "--session", session, "--reap-children", "--", "sh", "-c", script], {
    cwd: scratch.dir,
  });
  expect(exitCode, stderr).toBe(0);
  const left = processesOf(scratch).map((pid) => argvOf(pid).join(" "));
  expect(left.toSorted()).toEqual([`${claude} idle registered`, `${code} exec notes.txt`]);
  expect(stderr).toContain("1 of 3 ended");
  expect(stderr).toMatch(/left alone:\n.*code .*code is not proven to be an agent\n.*claude .*it is registered/);
});

test.each([
  ["that script", (codex: string) => [codex], "1 of 1 ended"],
  ["a shell", (codex: string) => ["sh", "-c", `${codex}; exit`], "0 of 1 ended"],
])("exec --reap-children judges a child that runs a script by the command, which is %s", async (_, command, said) => {
  const stage = newStage();
  const codex = join(stage.scratch.dir, "codex");
  const leave = `require("node:child_process").spawn(__filename, ["exec", "/review"], { detached: true, stdio: "ignore" }).unref()`;
  const stay = "setInterval(() => {}, 1000)";
  writeFileSync(codex, `#!/usr/bin/env node\nif (process.argv[2] === "exec") ${stay};\nelse { ${leave}; setTimeout(() => {}, 700); }\n`);
  chmodSync(codex, 0o755);
  const words = ["exec", "--session", stage.session, "--reap-children", "--", ...command(codex)];
  const { stderr } = await sessreap(stage.scratch, words, { cwd: stage.scratch.dir });
  expect(stderr).toContain(said);
});
