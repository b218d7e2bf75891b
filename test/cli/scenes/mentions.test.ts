import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { gonePid, pretend, start, type Running, type StartOptions } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";
import { openTmux } from "../agents.ts";
import {
  by,
  configure,
  daysAgo,
  declareRegistry,
  leaveOut,
  triedScratch,
  tryClock,
  nobodysScratch,
  sweepReport,
  writeOld,
  type Scratch,
} from "../harness.ts";

const since = daysAgo(9);

/** A registry in which nothing but a process can keep an entry: all of them are older than the TTL. */
function register(scratch: Scratch, ids: Readonly<Record<string, string>>, more: Readonly<Record<string, unknown>> = {}): string {
  const path = declareRegistry(scratch, more);
  writeOld(path, JSON.stringify(Object.fromEntries(Object.entries(ids).map(([key, id]) => [key, { id, since }]))));
  return path;
}

const reasons = async (scratch: Scratch, ...words: readonly string[]): Promise<Readonly<Record<string, string>>> =>
  by(await sweepReport(scratch, words), "verdict", "reason", "action");

/** A script of node's that waits, wherever it is called for. */
function waitingScript(scratch: Scratch, name: string): string {
  const path = join(scratch.dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "setInterval(() => {}, 1000);\n");
  return path;
}

/** A program that waits, under a name and a path of its own: a shell with a script that is called as its first argument. */
function waitingProgram(scratch: Scratch, name: string, script: string): string {
  const path = join(scratch.dir, name);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(realpathSync("/bin/sh"), path);
  chmodSync(path, 0o755);
  writeFileSync(join(scratch.dir, script), "read never\n");
  return path;
}

const inside = ({ dir }: Scratch, options: StartOptions = {}): StartOptions => ({ cwd: dir, ...options });

/** A program with the argv of another one, that holds a file open for as long as it lives. */
function holding(scratch: Scratch, argv0: string, path: string, redirect: ">>" | "<" = ">>"): Promise<Running> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  // The path is given by way of the environment of its shell, so that no argument carries it.
  const program = waitingProgram(scratch, argv0, `hold-${argv0}`);
  writeFileSync(join(scratch.dir, `hold-${argv0}`), `exec 9${redirect}"$HELD"\nread never\n`);
  return start(program, [`hold-${argv0}`], inside(scratch, { argv0, env: { HELD: path } }));
}

describe("a live agent is seen in its arguments", () => {
  const launches: readonly (readonly [title: string, launch: (scratch: Scratch, id: string) => Promise<Running>])[] = [
    [
      "node with an option that takes a value",
      (scratch, id) => {
        writeFileSync(join(scratch.dir, ".env"), "");
        return start(
          process.execPath,
          ["--env-file=.env", "--conditions", "x", waitingScript(scratch, "claude-code/cli.js"), "--resume", id],
          inside(scratch),
        );
      },
    ],
    [
      "node with a module loaded first",
      (scratch, id) =>
        start(
          process.execPath,
          ["-r", waitingScript(scratch, "preload.js"), waitingScript(scratch, "claude-code/cli.js"), `-r${id}`],
          inside(scratch),
        ),
    ],
    [
      "a build named by its platform",
      (scratch, id) => start(waitingProgram(scratch, "codex-linux-x64", "resume"), ["resume", `{${id}}`], inside(scratch)),
    ],
    [
      "a build named by its version",
      (scratch, id) =>
        start(waitingProgram(scratch, "claude/versions/2.1.197", "chat"), ["chat", "--resume", id.toUpperCase()], inside(scratch)),
    ],
    [
      "one in a directory of remotes",
      (scratch, id) =>
        start(waitingProgram(scratch, ".claude/remote/ccd-cli/2.1.271", "chat"), ["chat", `--resume=${id}`], inside(scratch)),
    ],
    [
      "one under another name, whose program's file tells",
      (scratch, id) =>
        start(
          waitingProgram(scratch, "claude/versions/2.1.198", "chat"),
          ["chat", "--resume", id],
          inside(scratch, { argv0: "assistant" }),
        ),
    ],
    [
      "one in a loader",
      (scratch, id) =>
        start("/lib64/ld-linux-x86-64.so.2", [waitingProgram(scratch, "codex", "resume"), "resume", `urn:uuid:${id}`], inside(scratch)),
    ],
    ["bun, by its argv", (scratch, id) => pretend(scratch.dir, ["bun", "run", "/x/claude-code/cli.js", "--resume", id])],
    ["opencode", (scratch, id) => pretend(scratch.dir, ["opencode", "serve", "--resume", id.replaceAll("-", "")])],
    [
      "a codex whose instructions lie in the session's directory",
      (scratch, id) => pretend(scratch.dir, ["codex", "chat", "-c", `model_instructions_file="/w/sessions/${id}/AGENTS.md"`]),
    ],
  ];

  test.each(launches)("%s", async (_, launch) => {
    const scratch = triedScratch();
    const id = randomUUID();
    register(scratch, { mine: id, other: randomUUID() });
    await launch(scratch, id);
    expect(await reasons(scratch, "--now")).toEqual({ mine: "live attached-cli kept", other: "ghost ttl-expired reaped" });
  });
});

describe("what carries a session in a way that is not understood keeps it by doubt", () => {
  const carriers: readonly (readonly [string, (scratch: Scratch, id: string) => Promise<Running>])[] = [
    ["the name of a container", (scratch, id) => pretend(scratch.dir, ["mybot", "run", `--name=agent-${id}`])],
    ["the name of a unit", (scratch, id) => pretend(scratch.dir, ["mybot", "run", "--unit", `agent_${id.toUpperCase()}`])],
    [
      "a binary of sessreap that runs it",
      (scratch, id) => start(waitingProgram(scratch, "sessreap", "exec"), ["exec", "--session", id, "--", "mybot"], inside(scratch)),
    ],
    [
      "a shell that runs it under the name of a reader",
      (scratch, id) => {
        writeFileSync(join(scratch.dir, "bot.sh"), "read never\n");
        return start("/bin/bash", ["bot.sh", id], inside(scratch, { argv0: "less" }));
      },
    ],
  ];

  test.each(carriers)("%s", async (_, carry) => {
    const scratch = triedScratch();
    const id = randomUUID();
    register(scratch, { mine: id, other: randomUUID() });
    await carry(scratch, id);
    expect(await reasons(scratch, "--now")).toEqual({ mine: "undecided mentioned kept", other: "ghost ttl-expired reaped" });
  });
});

test("a program that no list knows is a doubt with its pid and name, until the configuration says what it is", async () => {
  const scratch = triedScratch();
  const id = randomUUID();
  const path = register(scratch, { mine: id });
  const { pid } = await pretend(scratch.dir, ["mymind", "serve", "--resume", id]);
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "reason", "action")).toEqual({ mine: "undecided mentioned kept" });
  expect(report.entries[0]?.detail).toContain(`mymind (pid ${pid})`);
  const declared = { registries: [{ format: "keyed-json", path, fields: { sessionId: "id", registeredAt: "since" } }] };
  configure(scratch, { ...declared, agents: ["my*"] });
  expect(await reasons(scratch, "--now")).toEqual({ mine: "live attached-cli kept" });
  configure(scratch, { ...declared, onlookers: ["mymind"] });
  expect(await reasons(scratch, "--now")).toEqual({ mine: "ghost ttl-expired reaped" });
});

test("programs that only look keep nothing; an editor and one that writes are a doubt", async () => {
  const scratch = triedScratch();
  const ids = { grep: randomUUID(), tail: randomUUID(), jq: randomUUID(), less: randomUUID(), vi: randomUUID(), tee: randomUUID() };
  register(scratch, ids);
  const transcript = (id: string): string => writeOld(join(scratch.dir, `${id}.jsonl`), "{}\n");
  await start("/usr/bin/grep", [ids.grep], inside(scratch));
  await start("/usr/bin/tail", ["-f", transcript(ids.tail)], inside(scratch));
  await start("/usr/bin/jq", ["--arg", "id", ids.jq, "."], inside(scratch));
  await start(waitingProgram(scratch, "less", "notes"), ["notes", ids.less], inside(scratch));
  await pretend(scratch.dir, ["vi", "notes", ids.vi]);
  await start("/usr/bin/tee", [transcript(ids.tee)], inside(scratch));
  expect(await reasons(scratch, "--now")).toEqual({
    grep: "ghost ttl-expired reaped",
    tail: "ghost ttl-expired reaped",
    jq: "ghost ttl-expired reaped",
    less: "ghost ttl-expired reaped",
    vi: "undecided mentioned kept",
    tee: "undecided mentioned kept",
  });
});

test("a tmux server keeps nothing of what it was started with", async () => {
  const scratch = triedScratch();
  const id = randomUUID();
  register(scratch, { started: id });
  const tmux = await openTmux(scratch, ["bash", "-c", `: ${id}; exec bash --norc`]);
  await tmux.shows(/[$#]/);
  const server = tmux.run("display-message", "-p", "#{pid}").trim();
  expect(await reasons(scratch, "--now"), `the server has pid ${server}`).toEqual({ started: "ghost ttl-expired reaped" });
});

describe("an open file", () => {
  test("of a codex whose home only its own shell knows keeps the thread", async () => {
    const scratch = triedScratch();
    const id = randomUUID();
    register(scratch, { thread: id, other: randomUUID() });
    const lock = join(scratch.dir, "elsewhere", "thread-writer-locks", `${id}.lock`);
    const { pid } = await holding(scratch, "codex", lock);
    const report = await sweepReport(scratch, ["--now"]);
    expect(by(report, "verdict", "reason", "action")).toEqual({ thread: "live open-file kept", other: "ghost ttl-expired reaped" });
    expect(report.entries[0]?.detail).toBe(`codex (pid ${pid}) holds ${lock} open`);
  });

  test("of a tool that outlived its agent is a doubt, once the entry would go", async () => {
    const scratch = triedScratch();
    const id = randomUUID();
    register(scratch, { left: id });
    await holding(scratch, "server", join(scratch.dir, "claude-0", "w", id, "tasks", "b.output"));
    expect(await reasons(scratch)).toEqual({ left: "ghost ttl-expired pending" });
    expect(await reasons(scratch, "--now")).toEqual({ left: "undecided mentioned kept" });
  });

  test("of a reader counts if it writes", async () => {
    const scratch = triedScratch();
    const ids = { reads: randomUUID(), writes: randomUUID() };
    register(scratch, ids);
    await holding(scratch, "cat", join(scratch.dir, ids.reads, "log"), "<");
    await holding(scratch, "head", join(scratch.dir, ids.writes, "log"));
    expect(await reasons(scratch, "--now")).toEqual({ reads: "ghost ttl-expired reaped", writes: "undecided mentioned kept" });
  });

  test("of an agent that may not be looked at is a doubt, if its user can have written the entry", async ({ skip }) => {
    if (!isRoot) {
      leaveOut("an agent that may not be looked at", "only root can start one of another user");
      skip();
    }
    const scratch = tryClock(nobodysScratch());
    for (const one of [scratch.stateDir, join(scratch.stateDir, "memory.json")]) chownSync(one, nobody, nobody);
    const path = register(scratch, { any: randomUUID() });
    chownSync(path, nobody, nobody);
    chmodSync(path, 0o644);
    // PR_SET_DUMPABLE is 4, prctl 157 on this platform: the kernel gives such a process's files to root.
    const hidden = "$| = 1; syscall(157, 4, 0, 0, 0); print 1; sleep 600";
    const { child } = await start("/usr/bin/perl", ["-e", hidden], { argv0: "codex", uid: nobody });
    await once(child.stdout as NodeJS.ReadableStream, "data");
    const asNobody = await sweepReport(scratch, ["-n", "--now"], { asNobody: true });
    expect(by(asNobody, "verdict", "reason")).toEqual({ any: "undecided process-table-blind" });
    // Root takes no word from a configuration that another user could replace.
    const roots = triedScratch();
    const config = writeOld(join(roots.dir, "config.json"), readFileSync(join(scratch.home, ".config", "sessreap", "config.json")));
    const asRoot = await sweepReport(roots, ["-n", "--now", "--config", config]);
    expect(by(asRoot, "verdict", "reason")).toEqual({ any: "ghost ttl-expired" });
  });
});

test("a name is stated with all its letters", async () => {
  const scratch = triedScratch();
  const path = writeOld(
    join(scratch.dir, "registrations.json"),
    JSON.stringify(
      Object.fromEntries(["größe", "gr", "mars audit: ca", "mars"].map((name) => [name, { threadId: randomUUID(), registeredAt: since }])),
    ),
  );
  await pretend(scratch.dir, ["codex", "chat", "Your agent name is größe."]);
  await pretend(scratch.dir, ["codex", "chat", "Your agent name is mars audit: ca. Go on."]);
  expect(await reasons(scratch, "--now", "--registry", `llmmsg-bridge:${path}`)).toEqual({
    größe: "live attached-cli kept",
    gr: "ghost ttl-expired reaped",
    "mars audit: ca": "live attached-cli kept",
    mars: "undecided mentioned kept",
  });
});

test("oh-my-codex: its launcher is gone, and the codex that it started works on", async () => {
  const scratch = triedScratch();
  const state = join(scratch.dir, ".omx", "state");
  const session = `omx-1795698706548-${randomUUID().slice(0, 8)}`;
  const entry = { session_id: session, pid: 4_194_000, pid_start_ticks: 1, started_at: since, cwd: scratch.dir, platform: "linux" };
  writeOld(join(state, "session.json"), JSON.stringify(entry));
  const words = ["--registry", `omx-session:${state}`];
  const codex = await pretend(scratch.dir, ["codex", "chat", "-c", `model_instructions_file="${state}/sessions/${session}/AGENTS.md"`]);
  expect(await reasons(scratch, ...words)).toEqual({ "session.json": "live attached-cli kept" });
  process.kill(codex.pid, "SIGKILL");
  expect(await reasons(scratch, ...words)).toEqual({ "session.json": "ghost pid-gone reaped" });
});

test("where a declared registry names agents and no sessions, their name is looked for as a session's id is", async () => {
  const scratch = triedScratch();
  const [running, talkedOf, ended] = ["runs", "told", "over"].map((what) => `gardener-${what}-${randomUUID().slice(0, 8)}`) as [
    string,
    string,
    string,
  ];
  const path = declareRegistry(scratch, { fields: { identity: "<key>", pid: "pid", registeredAt: "since" } });
  const gone = await gonePid();
  writeOld(path, JSON.stringify(Object.fromEntries([running, talkedOf, ended].map((name) => [name, { pid: gone.pid, since }]))));
  const agent = await pretend(scratch.dir, ["codex", "chat", "--name", running]);
  const other = await pretend(scratch.dir, ["gardening", "work", `--after=${talkedOf}`]);
  expect(await reasons(scratch)).toEqual({
    [running]: "live attached-cli kept",
    [talkedOf]: "undecided mentioned kept",
    [ended]: "ghost pid-gone reaped",
  });
  for (const { pid } of [agent, other]) process.kill(pid, "SIGKILL");
  expect(await reasons(scratch)).toEqual({ [running]: "ghost pid-gone reaped", [talkedOf]: "ghost pid-gone reaped" });
});
