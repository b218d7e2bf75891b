import { expect, test } from "vitest";
import type { OwnershipSigns } from "../../../src/core/harnesses/ownership-signs.ts";
import { ownershipOf } from "../../../src/core/harnesses/ownership.ts";
import type { ProcessRow } from "../../../src/core/agents/process-tree.ts";
import { held, own as ownRecord, signsOf } from "./signs.ts";
import { isService, sessionOf } from "../../../src/core/agents/session-argv.ts";

const id = "019d7b2f-5ede-7c71-b2fd-bfff53df6cde";
const other = "019d6b0c-06e6-7bb0-84c4-b64a9cf410ce";
const review = ["exec", "-s", "workspace-write", "--skip-git-repo-check", "-c", "model_reasoning_effort=low", `/review of ${id}`];

test.each([
  [["codex", "resume", id], id],
  [["codex", "--remote", "ws://127.0.0.1:8788", "resume", id], id],
  [["codex", "--search", "resume", id, "go on"], id],
  [["codex", "resume", "-m", "gpt-5", id], id],
  [["codex", "exec", "--json", "resume", id, "go on"], id],
  [["codex", "e", "-C", "/w", "resume", id], id],
  [["codex", "--some-new-option", "value", "resume", id], id],
  [["node", "/usr/lib/node_modules/@openai/codex/bin/codex.js", "resume", id], id],
  [["node", "--import", "x.mjs", "/opt/code.js", "resume", id], id],
  [["code", "resume", id], id],
  [["claude", "resume", id], id],
  [["claude", "--session-id", id, "say hi"], id],
  [["claude", `--session-id=${id}`], id],
  [["claude", "-p", "--resume", id, "go on"], id],
  [["claude", "-r", id], id],
])("%j runs the session that it names", (argv, session) => {
  expect(sessionOf(argv)).toBe(session);
});

test.each([
  [["codex", id]],
  [["codex", `please resume ${id}`]],
  [["codex", "tell me", "resume", id]],
  [["codex", "exec", `look at resume ${id}`]],
  [["codex", "exec", "fix it", "resume", id]],
  [["code", ...review]],
  [["codex", "exec", "--", "resume", id]],
  [["codex", "resume", "--last"]],
  [["codex", "resume"]],
  [["codex", "fork", id]],
  [["claude", "--resume", "the session about clocks"]],
  [["claude", "--resume", id, "--fork-session"]],
  [["claude", "--", "--session-id", id]],
  [["claude", "--bg-pty-host", "/tmp/x.sock", "200", "50", "--", "claude", "--session-id", id]],
  [["grep", "--session-id", id]],
  [["vim", "resume", id]],
  [["bash", "-c", `codex resume ${id}`]],
])("%j runs no session that it names", (argv) => {
  expect(sessionOf(argv)).toBeUndefined();
});

test.each([
  [["codex", "app-server", "--listen", "unix://"], true],
  [["claude", "daemon", "run"], true],
  [["claude", "--bg-pty-host", "/s", "200", "50", "--", "claude", "--session-id", id], true],
  [["/opt/claude/versions/2.1.332", "--bg-spare", "/s"], true],
  [["claude bg-spare", "--bg-spare", "/s"], true],
  [["codex", "exec", "app-server"], false],
  [["codex", "resume", id], false],
])("%j serves other sessions: %s", (argv, serves) => {
  expect(isService(argv)).toBe(serves);
});

/** A process; `sid` is the shell of its terminal unless it is told. */
function row(pid: number, parentPid: number, startTicks: number, argv: readonly string[], sid = 100): ProcessRow {
  return { pid, parentPid, kernelSession: sid, terminal: 0, startTicks: String(startTicks), uid: 1000, state: "S", argv };
}

const init = row(1, 0, 1, ["init"], 1);
const shell = row(100, 1, 10, ["bash"]);
const shell2 = row(200, 1, 11, ["bash"], 200);

function own(rows: readonly ProcessRow[], more: Partial<OwnershipSigns> = {}) {
  const { sessions, unattributed } = ownershipOf(signsOf([init, shell, shell2, ...rows], more));
  const described = sessions.map(({ sessionId, harnesses }) => ({
    sessionId,
    harnesses: harnesses.map(({ members, children, helpers, doubts, possible }) => ({
      pids: members.map(({ pid }) => pid),
      children: children.map(({ process }) => process.pid),
      helpers: helpers.map(({ pid }) => pid),
      doubtful: doubts.length > 0,
      possible: possible !== undefined,
    })),
  }));
  return { described, strays: unattributed.map(({ process }) => process.pid) };
}

/** The harnesses of `id`, as lists of pids. */
const pidsOf = (rows: readonly ProcessRow[], more: Partial<OwnershipSigns> = {}) =>
  own(rows, more)
    .described.find(({ sessionId }) => sessionId === id)
    ?.harnesses.map(({ pids }) => pids) ?? [];

test("a restarted harness beside the older one is a duplicate, each with its own background child, the older first", () => {
  const { described, strays } = own([
    row(301, 200, 900, ["code", "resume", id], 200),
    row(302, 301, 950, ["code", ...review], 200),
    row(201, 100, 500, ["code", "resume", id]),
    row(202, 201, 600, ["code", ...review]),
  ]);
  expect(described).toEqual([
    {
      sessionId: id,
      harnesses: [
        { pids: [201], children: [202], helpers: [], doubtful: false, possible: false },
        { pids: [301], children: [302], helpers: [], doubtful: false, possible: false },
      ],
    },
  ]);
  expect(strays).toEqual([]);
});

test("a node shim and its native child are one harness", () => {
  expect(pidsOf([row(201, 100, 500, ["node", "/x/codex.js", "resume", id]), row(202, 201, 501, ["/x/bin/codex", "resume", id])])).toEqual([
    [201, 202],
  ]);
});

test("a native child whose shim was killed is the harness alone", () => {
  expect(pidsOf([row(202, 1, 501, ["/x/bin/codex", "resume", id])])).toEqual([[202]]);
});

test("an agent that its own harness starts on the same session is one with it", () => {
  expect(pidsOf([row(201, 100, 500, ["codex", "resume", id]), row(202, 201, 600, ["codex", "exec", "resume", id, "go on"])])).toEqual([
    [201, 202],
  ]);
});

test("a background child behind a shell belongs to its harness, and the shell is a helper", () => {
  const { described } = own([
    row(201, 100, 500, ["codex", "resume", id]),
    row(202, 201, 600, ["sh", "-c", "codex exec …"]),
    row(203, 202, 601, ["codex", ...review]),
    row(204, 203, 602, ["cargo", "build"]),
  ]);
  expect(described[0]?.harnesses).toEqual([{ pids: [201], children: [203], helpers: [202, 204], doubtful: false, possible: false }]);
});

test("a child that its parent left behind in the kernel session belongs to the harness there", () => {
  const { described } = own([row(201, 100, 500, ["code", "resume", id]), row(203, 1, 601, ["code", ...review])]);
  expect(described[0]?.harnesses[0]?.children).toEqual([203]);
});

test("an orphan that locks its own thread belongs to the harness that left it, a plain Codex of the same shell does not", () => {
  const harness = row(201, 100, 500, ["codex", "resume", id]);
  const heldThreads = [{ sessionId: other, pid: 203 }];
  const orphan = own([harness, row(203, 1, 601, ["codex", ...review])], { heldThreads });
  expect(orphan.described.map(({ sessionId, harnesses }) => [sessionId, harnesses[0]?.children])).toEqual([[id, [203]]]);
  const job = own([harness, row(203, 100, 601, ["codex"])], { heldThreads });
  expect(job.described.map(({ sessionId }) => sessionId)).toEqual([id, other]);
});

test("another job of the same shell belongs to nobody", () => {
  const { described, strays } = own([row(201, 100, 500, ["code", "resume", id]), row(203, 100, 601, ["code", ...review])]);
  expect(described[0]?.harnesses[0]?.children).toEqual([]);
  expect(strays).toEqual([203]);
});

test("a child left behind where two harnesses can have left it belongs to neither", () => {
  const { described, strays } = own([
    row(201, 100, 500, ["code", "resume", id]),
    row(202, 100, 550, ["code", "resume", id]),
    row(203, 1, 601, ["code", ...review]),
  ]);
  expect(described[0]?.harnesses.map(({ children }) => children)).toEqual([[], []]);
  expect(strays).toEqual([203]);
});

test("a child left behind before the newer of two harnesses began belongs to the older", () => {
  const { described } = own([
    row(201, 100, 500, ["code", "resume", id]),
    row(202, 100, 700, ["code", "resume", id]),
    row(203, 1, 601, ["code", ...review]),
  ]);
  expect(described[0]?.harnesses.map(({ children }) => children)).toEqual([[203], []]);
});

test("a decoy whose prompt quotes the id is neither a harness nor anybody's child", () => {
  const { described, strays } = own([row(201, 100, 500, ["code", "resume", id]), row(301, 200, 700, ["code", ...review], 200)]);
  expect(described[0]?.harnesses).toHaveLength(1);
  expect(strays).toEqual([301]);
});

test("a session started from inside another one is a harness of its own", () => {
  const { described } = own([row(201, 100, 500, ["claude", "--session-id", id]), row(202, 201, 600, ["claude", "--session-id", other])]);
  expect(described.map(({ sessionId, harnesses }) => [sessionId, harnesses[0]?.children])).toEqual([
    [id, []],
    [other, []],
  ]);
});

test("a harness of another session below one is no child of it, and is listed as what is left", () => {
  const rows = [
    row(201, 100, 500, ["codex", "resume", id]),
    row(202, 201, 501, ["sh"]),
    row(203, 202, 502, ["codex", "resume", other]),
    row(204, 203, 503, ["cargo", "build"]),
  ];
  const of = (session: string) => own(rows).described.find(({ sessionId }) => sessionId === session)?.harnesses[0];
  expect(of(id)).toMatchObject({ pids: [201], children: [], helpers: [202, 203] });
  expect(of(other)).toMatchObject({ pids: [203], children: [], helpers: [204] });
});

test("a plain Codex is known by the writer lock that it holds", () => {
  expect(pidsOf([row(201, 100, 500, ["codex"])], { heldThreads: [{ sessionId: id, pid: 201 }] })).toEqual([[201]]);
});

test("a background child that holds the lock of its own thread stays a background child", () => {
  const { described } = own([row(201, 100, 500, ["codex", "resume", id]), row(202, 201, 600, ["codex", ...review])], {
    heldThreads: [{ sessionId: other, pid: 202 }],
  });
  expect(described).toHaveLength(1);
  expect(described[0]?.harnesses[0]?.children).toEqual([202]);
});

test("an app server that holds the lock stands for a session only where no agent runs it", () => {
  const server = row(300, 1, 400, ["codex", "app-server", "--listen", "unix://"], 300);
  const heldThreads = [{ sessionId: id, pid: 300 }];
  expect(pidsOf([server], { heldThreads })).toEqual([[300]]);
  expect(pidsOf([server, row(201, 100, 500, ["codex", "resume", id])], { heldThreads })).toEqual([[201]]);
  expect(own([server], { heldThreads }).described[0]?.harnesses[0]?.doubtful).toBe(true);
});

test("the daemon that a Codex started is no background child of it", () => {
  const { described } = own([
    row(201, 100, 500, ["codex", "resume", id]),
    row(300, 201, 501, ["codex", "app-server", "--managed-daemon"], 300),
  ]);
  expect(described[0]?.harnesses[0]).toMatchObject({ children: [], helpers: [300] });
});

test("a registration with its start token names a harness, one without leaves a doubt", () => {
  const codex = row(201, 100, 500, ["codex"]);
  const harnesses = (proven: boolean) => own([codex], { registrations: [held(201, id, { proven })] }).described[0]?.harnesses;
  expect(harnesses(true)).toEqual([{ pids: [201], children: [], helpers: [], doubtful: false, possible: false }]);
  expect(harnesses(false)).toEqual([{ pids: [201], children: [], helpers: [], doubtful: true, possible: false }]);
});

test("a host process that registered the session of its child is one with it", () => {
  const host = row(201, 1, 500, ["claude", "--bg-pty-host", "/s", "200", "50", "--", "claude", "--session-id", id], 201);
  const rows = [host, row(202, 201, 501, ["claude", "--session-id", id], 201)];
  expect(pidsOf(rows, { registrations: [held(201, id, { namesHost: true })] })).toEqual([[202]]);
});

test("a tool that registered the session of the agent above it is no second harness", () => {
  const rows = [row(201, 100, 500, ["claude", "--session-id", id]), row(202, 201, 501, ["node", "server.js"])];
  expect(pidsOf(rows, { registrations: [held(202, id)] })).toEqual([[201]]);
});

test("an agent that two signs put under two sessions is shown under both, with a doubt", () => {
  const rows = [row(201, 100, 500, ["claude", "--session-id", id])];
  const { described } = own(rows, { registrations: [held(201, other)] });
  expect(described.map(({ harnesses }) => harnesses[0]?.doubtful)).toEqual([true, true]);
});

test("an agent that changed its session runs the one that its own record names", () => {
  const rows = [row(201, 100, 500, ["claude", "--session-id", id])];
  const { described } = own(rows, { registrations: [held(201, other, ownRecord)] });
  expect(described.map(({ sessionId, harnesses }) => [sessionId, harnesses[0]?.doubtful])).toEqual([[other, false]]);
});

test("a zombie runs nothing", () => {
  expect(pidsOf([{ ...row(201, 100, 500, ["codex", "resume", id]), state: "Z" }])).toEqual([]);
});

test("duplicates come first", () => {
  const { described } = own([
    row(201, 100, 300, ["codex", "resume", other]),
    row(202, 100, 500, ["codex", "resume", id]),
    row(203, 200, 600, ["codex", "resume", id.toUpperCase()], 200),
  ]);
  expect(described.map(({ sessionId }) => sessionId)).toEqual([id, other]);
});

test("a chain of parents that bites its own tail ends", () => {
  expect(pidsOf([row(201, 202, 500, ["codex", "resume", id]), row(202, 201, 500, ["sh"])])).toEqual([[201]]);
});

const mention = (pid: number, sessionId = id) => ({ mentions: [{ sessionId, pid, agent: "codex" }] });

test("an agent that only carries a session's id may run it, and one that runs another is not doubted for it", () => {
  const [harness] = own([row(201, 100, 500, ["codex"])], mention(201)).described[0]?.harnesses ?? [];
  expect(harness).toMatchObject({ pids: [201], possible: true });
  const { described } = own([row(201, 100, 500, ["codex", "resume", other])], mention(201));
  expect(described.map(({ sessionId, harnesses }) => [sessionId, harnesses[0]?.doubtful, harnesses[0]?.possible])).toEqual([
    [other, false, false],
    [id, true, true],
  ]);
});

test("no agent is told to carry the id of a session that the agent above it runs, and no service or process that is not there", () => {
  const rows = [row(201, 100, 500, ["codex", "resume", id]), row(202, 201, 600, ["codex", ...review])];
  expect(own(rows, mention(202)).described[0]?.harnesses).toMatchObject([{ pids: [201], children: [202] }]);
  const beside = [row(201, 100, 500, ["codex", "resume", other]), row(202, 201, 600, ["codex", ...review])];
  expect(pidsOf(beside, mention(202))).toEqual([]);
  expect(pidsOf([row(300, 1, 400, ["codex", "app-server"], 300)], mention(300))).toEqual([]);
  expect(pidsOf([], mention(999))).toEqual([]);
});

test("a process without arguments below an agent is no shim's program", () => {
  const rows = [row(201, 100, 500, ["codex"]), row(202, 201, 501, [])];
  const mentions = [...mention(201).mentions, ...mention(202, other).mentions];
  expect(own(rows, { mentions }).described[0]?.harnesses).toMatchObject([{ pids: [201], children: [202] }]);
});

test("a process elsewhere that registered the session is a second harness, and one below an agent that runs it is none", () => {
  const codex = row(201, 100, 500, ["codex", "resume", id]);
  const elsewhere = row(203, 200, 600, ["python3", "tool.py"], 200);
  expect(pidsOf([codex, elsewhere], { registrations: [held(203, id)] })).toEqual([[201], [203]]);
  expect(pidsOf([codex, elsewhere], { registrations: [held(203, id, { proven: false })] })).toEqual([[201]]);
  expect(pidsOf([codex, row(203, 200, 600, ["codex", "app-server"], 200)], { registrations: [held(203, id)] })).toEqual([[201]]);
  const nested = row(202, 201, 550, ["codex", "exec", "resume", id]);
  expect(pidsOf([codex, nested, { ...elsewhere, parentPid: 201 }], { registrations: [held(203, id)] })).toEqual([[201, 202]]);
});

test("what runs a session below another that runs it is one harness, and no helper of it", () => {
  const rows = [
    row(201, 100, 500, ["codex", "resume", id]),
    row(202, 201, 550, ["codex", "exec", "resume", id]),
    row(203, 202, 560, ["sh"]),
  ];
  expect(own(rows).described[0]?.harnesses).toMatchObject([{ pids: [201, 202], helpers: [203] }]);
});

test.each(["codex", "code", "coder"])("%s keeps the session that it was started with", (program) => {
  expect(own([row(201, 100, 500, [program, "resume", id])]).described[0]?.harnesses).toMatchObject([{ pids: [201], possible: false }]);
});
