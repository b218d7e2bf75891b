import { safeParse } from "valibot";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../../src/cli/config/schema/config-schema.ts";
import { formatOf } from "../../../src/cli/config/shapes.ts";
import type { Specimen, Suggestion, Surroundings } from "../../../src/registries/suggest/specimen.ts";
import { parseTextPattern, readingsOf } from "../../../src/registries/text-pattern.ts";
import { suggest } from "../../../src/registries/suggest/suggest.ts";
import {
  alive,
  around,
  bootId,
  carried,
  directory,
  file,
  gone,
  links,
  machineId,
  nowMs,
  other,
  second,
  session,
  since,
  sinceMs,
} from "./specimens.ts";

/** What is suggested, after it was held against the schema and the formats of a configuration. */
function suggested(specimen: Specimen): Suggestion {
  const result = suggest(specimen, around);
  if (!result.ok) throw new Error(result.problem);
  const { declaration } = result.suggestion;
  const config = safeParse(configSchema, { registries: [declaration] });
  expect(config.issues).toBeUndefined();
  formatOf((config.output as { registries: Parameters<typeof formatOf>[0][] }).registries[0] as Parameters<typeof formatOf>[0], "test");
  expect(declaration.onGhost).toBe("report");
  return result.suggestion;
}

const fieldsOf = (content: unknown): unknown => suggested(file(content)).declaration.fields;

const refused = (specimen: Specimen): string => {
  const result = suggest(specimen, around);
  return result.ok ? JSON.stringify(result.suggestion.declaration) : result.problem;
};

describe("where the entries are", () => {
  test.each<[string, unknown, object]>([
    ["an object of objects", { mars: { pid: alive }, venus: { pid: gone } }, { format: "keyed-json", fields: { pid: "pid" } }],
    ["a list of objects", [{ pid: alive }, { pid: gone }], { format: "json-array", fields: { pid: "pid" } }],
    ["a list below a version", { version: 3, agents: [{ pid: alive }] }, { format: "json-array", entries: "/agents" }],
    ["two levels down, with a slash in a name", { "a/b": { c: { mars: { pid: alive }, venus: { pid: gone } } } }, { entries: "/a~1b/c" }],
    [
      "one object",
      { pid: alive, sessionId: session, tools: [{ name: "x" }] },
      { format: "json-file", path: "/srv", pattern: "agents.json" },
    ],
    ["one object with a nested pid", { version: 1, holder: { pid: alive } }, { format: "json-file", fields: { pid: "/holder/pid" } }],
    ["a map of names to pids", { mars: alive, venus: gone }, { format: "keyed-json", fields: { pid: "<value>" } }],
    ["a map of sessions to pids", { [session]: alive, [second]: gone }, { fields: { pid: "<value>", sessionId: "<key>" } }],
    ["a map of sessions to objects", { [session]: { pid: alive } }, { format: "keyed-json", fields: { pid: "pid", sessionId: "<key>" } }],
    ["metadata beside the entries", { version: 3, updated: since, mars: { pid: alive }, venus: { pid: other } }, { format: "keyed-json" }],
  ])("%s", (_what, content, declaration) => {
    expect(suggested(file(content)).declaration).toMatchObject(declaration);
  });

  test("pids as keys", () => {
    const { declaration } = suggested(file({ [alive]: { cwd: "/srv" }, [gone]: { cwd: "/srv" } }, "/srv/pids.json"));
    expect(declaration).toMatchObject({ format: "keyed-json", fields: { pid: "<key>", cwd: "cwd" } });
  });

  test.each<[string, unknown, string]>([
    ["nothing", "", "is empty; try again when it has an entry"],
    ["an empty object", {}, "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs"],
    ["an empty list", { agents: [] }, "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs"],
    ["no JSON", "hello", "is no JSON with entries, and nothing in its text looks like a pid"],
    ["a bomb", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "is no JSON with entries, and nothing in its text looks like a pid"],
    [
      "ports, counters and versions that are live pids",
      { mars: { port: alive, retries: other, version: alive, pgid: other, size: alive, exitCode: other } },
      "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs",
    ],
    [
      "a parent's pid alone",
      { mars: { ppid: alive, parentPid: other } },
      "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs",
    ],
    [
      "ports by name",
      { mars: 8080, venus: 8081 },
      "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs",
    ],
    [
      "ids of this machine, this boot, a user and a parent",
      { mars: { boot: bootId, machine: machineId, userId: session, parentSessionId: second } },
      "holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs",
    ],
  ])("of %s nothing is suggested", (_what, content, problem) => {
    expect(refused(file(content))).toBe(problem);
  });
});

test.each<[string, string, readonly string[], boolean]>([
  ["a bare pid", `${alive}\n`, ["<pid>"], true],
  ["a pid that does not run", String(gone), ["<pid>"], false],
  ["a pid and more lines", `${alive}\n/srv/data\n1795186876\n`, ["<pid>\n*"], true],
  ["a pid and a word", `${alive} codex`, ["<pid> *"], true],
  ["blanks before a pid", `     ${alive}\n`, ["*<pid>"], true],
  ["a byte order mark, and lines that end as on Windows", `\uFEFFPID=${alive}\r\nPORT=8080\r\n`, ["PID=<pid>*"], true],
  ["git's worktree lock", `claude agent agent-a1 (pid ${alive} start 47110)`, ["*(pid <pid>*"], true],
  ["a labelled pid", `name: mars\npid: ${alive}\n`, ["*\npid: <pid>"], true],
  ["an assignment", `PID=${alive}\nPORT=8080\n`, ["PID=<pid>*"], true],
])("in plain text, %s", (_what, text, patterns, sure) => {
  const { declaration, findings } = suggested(file(text, "/srv/daemon.pid"));
  expect(declaration).toMatchObject({ format: "text-file", path: "/srv/daemon.pid", text: patterns, about: "process" });
  expect(findings.map((one) => one.sure)).toEqual([sure]);
});

test.each<[string, string, boolean]>([
  [`${alive} venus\n`, "<pid> <host>", true],
  [`${alive}\r\nVENUS.example.org\r\n`, "<pid>\n<host>", true],
  [`  ${alive} venus since noon`, "*<pid> <host> *", true],
  [`${alive}@venus`, "<pid>@<host>", true],
  [`venus:${alive}`, "<host>:<pid>", true],
  [`venus-${alive}`, "<host>-<pid>", true],
  [`${alive}\nsaturn.example.org\n`, "<pid>\n<host>", false],
  [`host: venus\npid: ${alive}\nport: 80\n`, "host: <host>\npid: <pid>*", true],
  [`PID=${alive}\nNAME=a\nHOSTNAME=saturn\nPORT=80\n`, "PID=<pid>*\nHOSTNAME=<host>\n*", false],
])("in plain text, a host beside a pid: %j", (text, pattern, sure) => {
  const { declaration, findings } = suggested(file(text, "/srv/garden.lock"));
  expect(declaration.text).toEqual([pattern]);
  expect(findings.map((one) => `${one.field} ${one.sure}`)).toEqual(["pid true", `host ${sure}`]);
  const read = readingsOf(parseTextPattern(pattern), text);
  expect(read).toEqual([{ pid: String(alive), host: expect.stringMatching(/^(?:venus|saturn)/i) as string }]);
});

test("in plain text, a word that may be a host is said, and other texts with this host in its place are read first", () => {
  expect(suggested(file(`${alive} saturn\n`, "/srv/a.lock")).notes).toContain(
    '"saturn" behind the pid: if that is a machine\'s name, write <host> in place of *',
  );
  const { declaration } = suggested(directory({ "a.lock": `${alive} saturn\n`, "b.lock": `${alive} venus\n` }));
  expect(declaration.text).toEqual(["<pid> <host>", "<pid> *"]);
});

test.each([
  [`venus-${alive}`, "<host>-<pid>"],
  [`venus.example.org:${alive}`, "<host>:<pid>"],
  [`dev@venus.${alive}:1795186876`, "*@<host>.<pid>:*"],
  [`127.0.1.1:+${alive}`, "*:+<pid>"],
  [String(alive), "<pid>"],
])("a link to %s", (target, pattern) => {
  const { declaration } = suggested({ kind: "link", path: "/srv/SingletonLock", target });
  expect(declaration).toEqual({ format: "symlink", path: "/srv/SingletonLock", text: [pattern], about: "process", onGhost: "report" });
  expect(refused({ kind: "link", path: "/srv/x", target: "/usr/bin/nowhere" })).toContain("is a symbolic link that leads nowhere");
});

test("an object a line, also where there is one line", () => {
  const lines = [alive, gone].map((pid) => `${JSON.stringify({ pid, session_id: session })}\n`);
  for (const [text, path] of [
    [lines.join(""), "/srv/agents.log"],
    [lines[0] as string, "/srv/agents.jsonl"],
  ] as const) {
    expect(suggested(file(text, path)).declaration).toMatchObject({ format: "json-lines", path, fields: { pid: "pid" } });
  }
  for (const text of [`${lines.join("")}{"pid":`, `\uFEFF${lines.join("torn\n").replaceAll("\n", "\r\n")}`]) {
    const { declaration, notes } = suggested(file(text, "/srv/agents.jsonl"));
    expect(declaration).toMatchObject({ format: "json-lines", fields: { pid: "pid" } });
    expect(notes).toContain("1 of the lines is no JSON: what is torn stays");
  }
  expect(refused(file(`${lines[0]}[1]\n`, "/srv/agents.jsonl"))).toContain("is no JSON with entries");
});

test("links alone in a directory", () => {
  const { declaration } = suggested(links({ "a.lock": `venus:${alive}`, "b.lock": `venus:${gone}` }));
  expect(declaration).toMatchObject({ format: "symlink", pattern: "*.lock", text: ["<host>:<pid>"] });
  expect(suggested(links({ SingletonLock: `venus-${alive}` })).declaration.pattern).toBe("SingletonLock");
  expect(refused(links({ latest: "/srv/log.1" }))).toBe("holds 1 symbolic link and no file, and nothing in a target looks like a pid");
});

test("files in plain text that are called by another number", () => {
  const { declaration } = suggested(directory({ "app-1.pid": `${alive}\n`, "app-2.pid": `${gone}\n` }));
  expect(declaration).toMatchObject({ format: "text-file", pattern: "app-*.pid", text: ["<pid>"] });
});

describe("which member is which", () => {
  test.each<[string, object, object]>([
    ["a pid by its name goes before a number that runs", { runner: alive, process_id: gone }, { pid: "process_id" }],
    ["a pid that runs goes before one that does not", { bridgePid: gone, agentPid: alive }, { pid: "agentPid" }],
    ["a pid as text", { pid: String(alive) }, { pid: "pid" }],
    ["a number that runs, where no pid is", { runner: alive }, { pid: "runner" }],
    ["a session goes before an id", { pid: alive, id: session, thread_id: second }, { pid: "pid", sessionId: "thread_id" }],
    ["an id that a process carries goes before one by its name", { sessionId: session, run: carried }, { sessionId: "run" }],
    ["a request's id is no session", { pid: alive, requestId: session }, { pid: "pid" }],
    ["a start by its value", { pid: alive, born: alive * 10 }, { pid: "pid", startTicks: "born" }],
    ["a start with its boot", { pid: alive, procStart: `${bootId}:${alive * 10}` }, { pid: "pid", startTicks: "procStart" }],
    ["a start that is wrong of a process that runs is none", { pid: alive, start: 7 }, { pid: "pid" }],
    ["a start that cannot be tried", { pid: gone, startTicks: 7 }, { pid: "pid", startTicks: "startTicks" }],
    ["epoch seconds", { pid: alive, startedAt: sinceMs / 1000 }, { pid: "pid", registeredAt: "startedAt" }],
    ["epoch milliseconds", { pid: alive, started_at: sinceMs }, { pid: "pid", registeredAt: "started_at" }],
    ["epoch microseconds", { pid: alive, ts: sinceMs * 1000 }, { pid: "pid", registeredAt: "ts" }],
    [
      "three times",
      { pid: alive, createdAt: since, updatedAt: since, lastSeen: since },
      { pid: "pid", registeredAt: "createdAt", lastActivityAt: "updatedAt", lastHeartbeatAt: "lastSeen" },
    ],
    ["an expiry is no time of it", { pid: alive, expiresAt: since, validUntil: since }, { pid: "pid" }],
    ["an end, null so far", { pid: alive, endedAt: null }, { pid: "pid", releasedAt: "endedAt" }],
    ["this host", { pid: alive, hostname: "VENUS.example.org" }, { pid: "pid", host: "hostname" }],
    ["an address is no host", { pid: alive, host: "127.0.0.1", server: "localhost" }, { pid: "pid" }],
    ["this boot and this machine", { pid: alive, a: bootId, b: machineId }, { pid: "pid", bootId: "a", machineId: "b" }],
    ["names and places", { pid: alive, agent: "mars", cwd: "/srv" }, { pid: "pid", identity: "agent", cwd: "cwd" }],
    ["a tmux pane", { pane_id: "%3", tmux_session: "mars" }, { tmuxPane: "pane_id", tmuxSession: "tmux_session" }],
  ])("%s", (_what, entry, fields) => {
    expect(fieldsOf({ mars: entry })).toEqual(fields);
  });

  test("an id that all entries have is no session's", () => {
    expect(fieldsOf({ mars: { pid: alive, run: session }, venus: { pid: gone, run: session } })).toEqual({ pid: "pid" });
  });

  test("a status that says it is over keeps its entries", () => {
    const { declaration } = suggested(file({ mars: { pid: alive, status: "running" }, venus: { pid: gone, status: "stopped" } }));
    expect(declaration.keepWhen).toEqual({ status: ["stopped"] });
  });

  test("a pid whose process began after the entry was written is not sure, nor is a number that is not called a pid", () => {
    const late: Surroundings = { ...around, running: () => ({ startTicks: "1", startedMs: nowMs, argv: [] }) };
    const said = (entry: object, here: Surroundings): unknown => {
      const result = suggest(file({ mars: entry }), here);
      return result.ok ? [result.suggestion.declaration.comment, result.suggestion.findings[0]?.why] : result.problem;
    };
    expect(said({ pid: alive }, late)).toEqual([
      "unsure: pid",
      "it is called a pid, but the processes there began after the entry was written",
    ]);
    expect(said({ runner: alive }, around)).toEqual(["unsure: pid", "its value is a process that runs now, though it is not called a pid"]);
    expect(said({ pid: alive }, around)).toEqual([undefined, "it is called a pid, and its value is a process that runs now"]);
  });

  test("what could be meant as well, and times in another form, are said", () => {
    const { notes } = suggested(
      file({ mars: { pid: alive, childPid: other, startTime: "11/26/2026, 1:13 PM", sessionId: session, id: second } }),
    );
    expect(notes).toEqual([
      "1 entry in the whole file",
      '"childPid" could be the pid, too: it is called a pid, and its value is a process that runs now',
      '"id" could be the sessionId, too: it is called an id, and is a UUID',
      '"startTime" is called a time, but "11/26/2026, 1:13 PM" is none that is understood: left out',
    ]);
  });
});

describe("a directory", () => {
  test.each<[string, Readonly<Record<string, unknown>>, object]>([
    [
      "files called by a pid",
      { [`${alive}.json`]: { cwd: "/" }, [`${gone}.json`]: {} },
      { format: "json-file", pattern: "<pid>.json", about: "process" },
    ],
    [
      "markers",
      { [`active-session-${alive}`]: session, [`active-session-${gone}`]: "" },
      { format: "pid-files", pattern: "active-session-<pid>" },
    ],
    ["a pid and a hash", { [`${alive}-0a1b2c3d.json`]: { pid: alive } }, { pattern: "<pid>-*.json" }],
    ["a number that is another than the pid inside", { "8080.lock": { pid: alive }, "8081.lock": { pid: gone } }, { pattern: "*.lock" }],
    [
      "names",
      { "mars.json": { pid: alive }, "venus.json": { pid: gone } },
      { format: "json-file", pattern: "*.json", fields: { pid: "pid" } },
    ],
    ["one file", { "daemon.json": { pid: alive }, "log.txt": "started" }, { format: "json-file", pattern: "daemon.json" }],
    [
      "sessions",
      { [`${session}.json`]: { pid: alive }, [`${second}.json`]: { pid: gone } },
      { pattern: "<sessionId>.json", about: "session" },
    ],
    ["directories", { "one/state.json": { pid: alive }, "two/state.json": { pid: gone } }, { pattern: "*/state.json" }],
    [
      "directories called by sessions",
      { [`${session}/state.json`]: { pid: alive }, [`${second}/state.json`]: {} },
      { pattern: "<sessionId>/state.json" },
    ],
  ])("%s", (_what, files, declaration) => {
    expect(suggested(directory(files)).declaration).toMatchObject(declaration);
  });

  test("what stands beside the entries is counted, and is no entry", () => {
    const { declaration, notes } = suggested(directory({ [`${alive}.json`]: { pid: alive }, README: "x", "log.1": "y", "0123.json": {} }));
    expect(declaration).toMatchObject({ pattern: "<pid>.json" });
    expect(notes).toEqual(["1 file fits <pid>.json", "3 files do not fit, and are never looked at"]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["nothing", {}, "is empty; try again when it has an entry"],
    [
      "logs",
      { "a.log": "x", "b.log": "y" },
      "holds no file whose name or content looks like a pid, a session or a tmux pane; try again while an agent runs",
    ],
  ])("of %s nothing is suggested", (_what, files, problem) => {
    expect(refused(directory(files))).toBe(problem);
  });
});
