import { describe, expect, test } from "vitest";
import type { ProcessRow } from "../../../src/core/agents/process-tree.ts";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { leftBehind } from "../../../src/core/harnesses/left-behind.ts";
import { ownershipOf } from "../../../src/core/harnesses/ownership.ts";
import type { OwnershipSigns, Program } from "../../../src/core/harnesses/ownership-signs.ts";
import { held, programOf, signsOf } from "./signs.ts";

const [id, other] = ["019d7b2f-5ede-7c71-b2fd-bfff53df6cde", "019d6b0c-06e6-7bb0-84c4-b64a9cf410ce"] as const;

function row(pid: number, parentPid: number, argv: readonly string[], more: Partial<ProcessRow> = {}): ProcessRow {
  return { pid, parentPid, kernelSession: 100, terminal: 34816, startTicks: String(500 + pid), uid: 1000, state: "S", argv, ...more };
}

const around = [row(1, 0, ["init"], { kernelSession: 1 }), row(100, 1, ["bash"])];
const codex = row(201, 100, ["codex", "resume", id]);
const review = (pid: number, parentPid = 201, more: Partial<ProcessRow> = {}): ProcessRow =>
  row(pid, parentPid, ["codex", "exec", "/review what was said"], more);

type Programs = readonly (readonly [ProcessRow, Partial<Program>])[];

/** What is said of each background child of the harness of `id`: why it stays, or that it goes with it. */
function fates(rows: readonly ProcessRow[], more: Partial<OwnershipSigns> = {}, programs: Programs = []): Readonly<Record<number, string>> {
  const given = new Map(programs.map(([process, program]) => [process.pid, programOf(process, program)]));
  const { sessions } = ownershipOf(signsOf([...around, ...rows], { programs: given, ...more }));
  const harness = sessions.find(({ sessionId }) => sessionId === id)?.harnesses[0];
  return Object.fromEntries((harness?.children ?? []).map(({ process, stays }) => [process.pid, stays ?? "goes"]));
}

const file = (path: string, name = path): Pick<Program, "exe"> => ({ exe: { path, file: name } });

describe("by its program", () => {
  test.each<[string, ProcessRow, ProcessRow, Partial<Program>, Partial<Program>, string]>([
    ["an agent's own name", codex, review(301), file("/opt/a/codex"), file("/opt/b/codex"), "goes"],
    ["the harness's own file, whatever that is called", codex, review(301), file("/opt/wizard", "1:7"), file("/opt/wizard", "1:7"), "goes"],
    ["that file, deleted and replaced", codex, review(301), file("/opt/codex (deleted)", "1:7"), file("/opt/codex", "1:8"), "goes"],
    ["that file, deleted", codex, review(301), file("/opt/wizard (deleted)", "1:7"), file("/opt/wizard (deleted)", "1:7"), "goes"],
    [
      "another file of that path, deleted, too",
      codex,
      review(301),
      file("/opt/wizard (deleted)", "1:7"),
      file("/opt/wizard (deleted)", "1:8"),
      "wizard is not proven to be an agent",
    ],
    [
      "a shell that calls itself one",
      codex,
      review(301),
      file("/usr/bin/codex"),
      file("/usr/bin/bash"),
      "bash is not proven to be an agent",
    ],
    ["another program", codex, review(301), file("/usr/bin/codex"), file("/usr/bin/vim"), "vim is not proven to be an agent"],
    [
      'a file that has "(deleted)" within its name',
      codex,
      review(301),
      file("/usr/bin/codex"),
      file("/opt/wizard (deleted).bak"),
      "wizard (deleted).bak is not proven to be an agent",
    ],
    ["a version of Claude", codex, review(301), file("/usr/bin/codex"), file("/h/.local/share/claude/versions/2.1.332"), "goes"],
  ])("%s: %#", (_, harness, child, its, childs, fate) => {
    expect(
      fates([harness, child], {}, [
        [harness, its],
        [child, childs],
      ]),
    ).toEqual({ 301: fate });
  });

  test("that is called code is Visual Studio Code as well, unless its path or the harness's own file says Every Code", () => {
    const code = row(201, 100, ["code", "resume", id]);
    const child = row(301, 201, ["code", "exec", "notes.txt"]);
    const fate = (childs: Partial<Program>, its: Partial<Program> = file("/opt/every/code", "1:7"), harness = code): unknown =>
      fates([harness, child], {}, [
        [harness, its],
        [child, childs],
      ])[301];
    expect(fate(file("/usr/share/code/code", "1:9"))).toBe("code is not proven to be an agent");
    expect(fate(file("/opt/every/code", "1:7"))).toBe("goes");
    expect(fate(file("/h/.code/bin/code", "1:9"))).toBe("goes");
    const inside = row(201, 100, ["/usr/share/code/code", "/ext/anthropic.claude-code-2.1/cli.js", "--session-id", id]);
    expect(fate(file("/usr/share/code/code", "1:9"), file("/usr/share/code/code", "1:9"), inside)).toBe(
      "code is not proven to be an agent",
    );
  });

  test("a runtime proves nothing, but for the same script or a package of an agent", () => {
    const [harness, child] = [
      row(201, 100, ["node", "/w/codex.js", "resume", id]),
      row(301, 201, ["node", "/w/codex.js", "exec", "/review"]),
    ];
    const script = (path: string, name = path): Partial<Program> => ({ ...file("/usr/bin/node"), script: { path, file: name } });
    const fate = (childs: Partial<Program>): unknown =>
      fates([harness, child], {}, [
        [harness, script("/w/codex.js", "1:3")],
        [child, childs],
      ])[301];
    expect(fate(script("/elsewhere/codex.js", "1:3"))).toBe("goes");
    expect(fate(script("/elsewhere/codex.js", "1:4"))).toBe("node is not proven to be an agent");
    expect(fate(script("/n/node_modules/@openai/codex/bin/codex.js", "1:4"))).toBe("goes");
    expect(fate(script("/n/node_modules/other/codex/cli.js", "1:4"))).toBe("node is not proven to be an agent");
    expect(fate(script("/n/node_modules/@openai/codex/node_modules/other/bin/codex.js", "1:4"))).toBe("node is not proven to be an agent");
    expect(fate({ ...file("/usr/bin/node"), script: undefined })).toBe("node is not proven to be an agent");
    expect(fate({ ...file("/usr/bin/vim"), script: { path: "/w/codex.js", file: "1:3" } })).toBe("vim is not proven to be an agent");
  });

  test("that cannot be seen is no proof", () => {
    const programs = new Map([[301, unseen("EACCES")]]);
    expect(fates([codex, review(301)], { programs })).toEqual({ 301: "its program cannot be seen: EACCES" });
  });
});

test("the file of a harness whose own program cannot be seen proves nothing", () => {
  const programs = new Map([
    [201, unseen("EACCES")],
    [301, programOf(review(301), file("/opt/wizard", "1:7"))],
  ]);
  expect(fates([codex, review(301)], { programs }, [])).toEqual({ 301: "wizard is not proven to be an agent" });
});

describe("of this harness alone", () => {
  test("is one below it, also behind shells, wrappers and children that go", () => {
    const rows = [
      codex,
      row(202, 201, ["sh", "-c", "timeout 9 codex exec …"]),
      row(203, 202, ["timeout", "9", "codex"]),
      review(301, 203),
      review(302, 301),
    ];
    expect(fates(rows)).toEqual({ 301: "goes", 302: "goes" });
  });

  test.each([
    ["an editor", ["vim", "notes.txt"], "vim"],
    ["a dev server", ["node", "/w/node_modules/vite/bin/vite.js"], "node"],
    ["a terminal multiplexer", ["tmux", "new-session", "-d"], "tmux"],
    ["an app server", ["codex", "app-server"], "codex"],
    ["an agent of another kind", ["qwen", "-p", "go on"], "qwen"],
  ])("is none that %s started", (_, argv, name) => {
    expect(fates([codex, row(202, 201, argv), review(301, 202)])).toEqual({ 301: `pid 202 (${name}) stands between` });
  });

  test("is none below a child that stays", () => {
    expect(fates([codex, review(301), review(302, 301)], {}, [[review(301), file("/usr/bin/bash")]])).toEqual({
      301: "bash is not proven to be an agent",
      302: "pid 301 (codex) stands between",
    });
  });

  test("is none with a terminal of its own, and one with none or the harness's", () => {
    const rows = [codex, review(301, 201, { terminal: 34817 }), review(302, 201, { terminal: 0 }), review(303)];
    expect(fates(rows)).toEqual({ 301: "it has a terminal of its own", 302: "goes", 303: "goes" });
  });

  test("is none that a registration names, alive or not, nor where one cannot be read", () => {
    expect(fates([codex, review(301)], { registeredPids: new Set([301]) })).toEqual({ 301: "it is registered" });
    expect(fates([codex, review(301)], { unread: "/r.json" })).toEqual({ 301: "whether it is registered cannot be seen: /r.json" });
  });

  test("may have locked the file of its own thread, unless that is registered: then it is a harness", () => {
    const lock = `/h/.codex/thread-writer-locks/${other}.lock`;
    const more = { heldThreads: [{ sessionId: other, pid: 301 }] };
    const locked: Programs = [
      [review(301), { locked: seen([lock, "/h/.codex/tmp/arg0-linux/codex-arg0a/.lock", "/h/state_5.sqlite-shm"]) }],
    ];
    expect(fates([codex, review(301)], more, locked)).toEqual({ 301: "goes" });
    expect(fates([codex, review(301)], {}, locked)).toEqual({ 301: `it has locked ${lock}` });
    expect(fates([codex, review(301)], { ...more, registered: new Set([other]) }, locked)).toEqual({});
  });

  test("is none that has locked anything else, or whose locks cannot be seen", () => {
    expect(fates([codex, review(301)], {}, [[review(301), { locked: seen(["/w/daemon.lock"]) }]])).toEqual({
      301: "it has locked /w/daemon.lock",
    });
    expect(fates([codex, review(301)], {}, [[review(301), { locked: seen(["/x-shm", "/w/a.lock", "/w/b.lock"]) }]])).toEqual({
      301: "it has locked /w/a.lock",
    });
    expect(fates([codex, review(301)], {}, [[review(301), { locked: unseen("EACCES") }]])).toEqual({
      301: "its locks cannot be seen: EACCES",
    });
  });

  test("is none left behind in its kernel session, for what started it has ended", () => {
    const leader = { ...codex, kernelSession: 201 };
    expect(fates([leader, review(301, 1, { kernelSession: 201 })])).toEqual({
      301: "its parent has ended, and another may have started it",
    });
  });

  test("is no Claude, which keeps a record of itself that was not found", () => {
    const nested = row(301, 201, ["claude", "-p", "tidy up"]);
    expect(fates([codex, nested])).toEqual({ 301: "claude keeps a record of itself, and this one's was not found" });
  });

  test("is no agent with a registration of its own: that is a harness itself", () => {
    const nested = row(301, 201, ["claude"]);
    expect(fates([codex, nested], { registrations: [held(301, other, { authoritative: true, current: true })] })).toEqual({});
  });
});

describe("what a command left behind", () => {
  const command = { process: row(50, 40, ["/w/wizard", "go"]), program: programOf({ argv: [] }, file("/w/wizard", "1:7")) };
  const left = (rows: readonly ProcessRow[], marked: readonly number[], programs: Programs = [], withCommand = true) => {
    const given = new Map(programs.map(([process, program]) => [process.pid, programOf(process, program)]));
    const signs = signsOf([...around, ...rows], { programs: given });
    const { agents } = leftBehind(signs, new Set(marked), withCommand ? command : undefined);
    return Object.fromEntries(agents.map(({ process, stays }) => [process.pid, stays ?? "goes"]));
  };

  test("goes where it is proven by its own name or by the command's file", () => {
    const child = review(301, 1);
    expect(left([child], [301])).toEqual({ 301: "goes" });
    expect(left([child], [301], [[child, file("/w/wizard", "1:7")]])).toEqual({ 301: "goes" });
    expect(left([child], [301], [[child, file("/w/wizard", "1:7")]], false)).toEqual({ 301: "wizard is not proven to be an agent" });
    const taker = row(50, 1, ["sleep", "9"]);
    expect(left([child, taker], [301], [[child, file("/w/wizard", "1:7")]])).toEqual({ 301: "wizard is not proven to be an agent" });
  });

  test("goes below another that goes, and stays below one that stays", () => {
    const [above, below] = [review(301, 1), review(302, 301)];
    expect(left([above, below], [301, 302])).toEqual({ 301: "goes", 302: "goes" });
    expect(left([above, below], [301, 302], [[above, file("/usr/bin/bash")]])).toEqual({
      301: "bash is not proven to be an agent",
      302: "pid 301 (codex) stands between",
    });
  });

  test("stays where its thread is registered", () => {
    const child = review(301, 1);
    const signs = { ...signsOf([...around, child]), heldThreads: [{ sessionId: other, pid: 301 }] };
    const fate = (registered: ReadonlySet<string>) => leftBehind({ ...signs, registered }, new Set([301]), command).agents[0]?.stays;
    expect([fate(new Set([other])), fate(new Set([id]))]).toEqual(["it is registered", undefined]);
  });

  test("stays where another process has the command's pid, and was not looked at", () => {
    const child = review(301, 1);
    const signs = signsOf([...around, child, row(50, 1, ["sleep", "9"])]);
    const programs = new Map([[301, programOf(child, file("/w/wizard", "1:7"))]]);
    const { agents } = leftBehind({ ...signs, programs }, new Set([301]), command);
    expect(agents.map(({ stays }) => stays)).toEqual(["wizard is not proven to be an agent"]);
  });

  test("stays behind a multiplexer that the command started, and in a terminal of its own", () => {
    const [tmux, shell] = [row(60, 1, ["tmux", "new", "-d"]), row(61, 60, ["bash"])];
    expect(left([tmux, shell, review(301, 61)], [60, 61, 301])).toEqual({ 301: "pid 60 (tmux) stands between" });
    expect(left([review(301, 1, { terminal: 34900 })], [301])).toEqual({ 301: "it has a terminal of its own" });
  });
});
