import { expect, test } from "vitest";
import type { Specimen, SpecimenFile } from "../../../src/registries/suggest/specimen.ts";
import { alive, directory, file, gone, links, other, second, session, sinceMs, wordsOf } from "./specimens.ts";

const one = (entry: object): Specimen => file({ mars: entry });
const text = (said: string, path = "/srv/garden.lock"): Specimen => file(said, path);
const link = (target: string): Specimen => ({ kind: "link", path: "/srv/lock", target });
const unread = (key: string): SpecimenFile => ({ key, text: undefined, writtenMs: sinceMs, problem: "permission denied" });

function allOf(specimen: Specimen): readonly string[] {
  const { declared, findings, notes } = wordsOf(specimen);
  return [declared, ...findings, ...notes.map((note) => `(${note})`)];
}

type Row = readonly [what: string, specimen: Specimen, words: readonly string[]];

test.each<Row>([
  [
    "keys that can all be pids, and one that runs",
    file({ [alive]: { session: "s" }, [gone]: { session: "t" } }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid may be <key>: 1 of 2 values is a process that runs now, though it is not called a pid",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "keys that can all be pids, and none that runs",
    file({ 99_998: { sessionId: session }, [gone]: { sessionId: second } }),
    [
      "format keyed-json, path /srv/agents.json, about session",
      "sessionId is sessionId: it is called a session, and is a UUID",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "the pid of a wrapper, beside that of an agent that runs",
    one({ wrapperPid: other, agentPid: alive }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is agentPid: it is called a pid, and its value is a process that runs now",
      "(1 entry in the whole file)",
      '("wrapperPid" could be the pid, too: it is called a pid, and its value is a process that runs now)',
    ],
  ],
  [
    "the pid of a wrapper that runs, beside one that does not",
    one({ wrapperPid: other, agentPid: gone }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is wrapperPid: it is called a pid, and its value is a process that runs now",
      "(1 entry in the whole file)",
      '("agentPid" could be the pid, too: it is called a pid, but no such process runs now)',
    ],
  ],
  [
    "the pid of a server alone",
    one({ serverPid: alive }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is serverPid: it is called a pid, and its value is a process that runs now",
      "(1 entry in the whole file)",
    ],
  ],
  [
    "files that are counted from nought",
    directory({ "worker-0.json": { pid: alive }, "worker-1.json": { pid: other }, "worker-12.json": { pid: gone } }),
    [
      "format json-file, path /srv/agents, pattern worker-*.json, about process",
      "pid is pid: it is called a pid, and 2 of 3 values are processes that run now",
      "(3 files fit worker-*.json)",
    ],
  ],
  [
    "files called by a pid, beside one with a nought at another place",
    directory({ "worker-4711.json": { pid: alive }, "queue-0.json": { size: 1 } }),
    [
      "format json-file, path /srv/agents, pattern worker-<pid>.json, about process",
      "pid is worker-<pid>.json: the number in a file's name is the pid that the file says",
      "pid is pid: it is the number in the file's name",
      "(1 file fits worker-<pid>.json)",
      "(1 file does not fit, and is never looked at)",
    ],
  ],
  [
    "made keys",
    file({ "/srv/a": { pid: alive }, "/srv/b": { pid: gone } }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "numbers as keys beside another list",
    file({ 1: { pid: alive }, list: [{ pid: alive }, { pid: other }] }),
    [
      "format json-array, path /srv/agents.json, entries /list, about process",
      "pid is pid: it is called a pid, and 2 of 2 values are processes that run now",
      '(2 entries in "/list")',
    ],
  ],
  [
    "two lists",
    file({
      old: [{ pid: gone }],
      agents: [
        { pid: alive, sessionId: session },
        { pid: other, sessionId: second },
      ],
    }),
    [
      "format json-array, path /srv/agents.json, entries /agents, about session",
      "pid is pid: it is called a pid, and 2 of 2 values are processes that run now",
      "sessionId is sessionId: it is called a session, and is a UUID",
      '(2 entries in "/agents")',
      '("entries": "/old" could be meant, too: 1 entry there)',
    ],
  ],
  [
    "four levels down",
    file({ a: { b: { c: { d: { mars: { pid: alive }, venus: { pid: other } } } } } }),
    [
      "format keyed-json, path /srv/agents.json, entries /a/b, about process",
      "pid is /d/mars/pid: it is called a pid, and its value is a process that runs now",
      '(1 entry in "/a/b")',
      '("entries": "/a/b/c" could be meant, too: 1 entry there)',
      '("/d/venus/pid" could be the pid, too: it is called a pid, and its value is a process that runs now)',
    ],
  ],
  [
    "half of the values are objects",
    file({ a: 1, b: "x", mars: { pid: alive }, venus: { pid: other } }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is pid: it is called a pid, and 2 of 2 values are processes that run now",
      "(4 entries in the whole file)",
    ],
  ],
  [
    "one object of three",
    file({ a: 1, b: "x", mars: { pid: alive } }),
    [
      "format json-file, path /srv, pattern agents.json, about process",
      "pid is /mars/pid: it is called a pid, and its value is a process that runs now",
      "(the whole file is one entry)",
    ],
  ],
  [
    "a list of pids",
    file([alive, other]),
    [
      "format json-array, path /srv/agents.json, about process",
      "pid may be <value>: 2 of 2 values are processes that run now, though it is not called a pid",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "a list of sessions",
    file([session, second]),
    ["nothing", "(holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs)"],
  ],
  [
    "a map of numbers to texts",
    file({ [alive]: "mars", [gone]: "venus" }, "/srv/processes.json"),
    [
      "format keyed-json, path /srv/processes.json, about process",
      "pid may be <key>: 1 of 2 values is a process that runs now, though it is not called a pid",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "a map of paths to pids",
    file({ "/srv/a": alive, "/srv/b": gone }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid may be <value>: 1 of 2 values is a process that runs now, though it is not called a pid",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "a map in a file called after pids",
    file({ mars: gone, venus: gone + 1 }, "/srv/pids.json"),
    [
      "format keyed-json, path /srv/pids.json, about process",
      "pid may be <value>: it is called a pid, but no such process runs now",
      "(2 entries in the whole file)",
    ],
  ],
  [
    "a name with a tilde and a slash",
    file({ "a~b": [{ pid: alive }, { pid: gone }] }),
    [
      "format json-array, path /srv/agents.json, entries /a~0b, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      '(2 entries in "/a~0b")',
    ],
  ],
  [
    "a member with a slash in front",
    one({ "/pid": alive, "<key>": gone }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid is /~1pid: it is called a pid, and its value is a process that runs now",
      "(1 entry in the whole file)",
    ],
  ],
  [
    "a member with an empty name",
    one({ "": alive, pid: gone }),
    [
      "format keyed-json, path /srv/agents.json, about process",
      "pid may be pid: it is called a pid, but no such process runs now",
      "(1 entry in the whole file)",
      '("/" could be the pid, too: its value is a process that runs now, though it is not called a pid)',
    ],
  ],
  [
    "one object with a session",
    file({ sessionId: session, version: 3 }, "/state.json"),
    [
      "format json-file, path /, pattern state.json, about session",
      "sessionId is sessionId: it is called a session, and is a UUID",
      "(the whole file is one entry)",
    ],
  ],
  [
    "an object a line, one of them torn",
    text(`{"pid":${alive}}\n{"pid":${gone}}\n{"pi`, "/srv/a.jsonl"),
    [
      "format json-lines, path /srv/a.jsonl, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "(3 entries in the whole file)",
      "(1 of the lines is no JSON: what is torn stays)",
    ],
  ],
  [
    "an object a line, with blanks around",
    text(`  {"pid":${alive}} \n\n {"pid":${gone}}\n`, "/srv/a.ndjson"),
    [
      "format json-lines, path /srv/a.ndjson, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "(2 entries in the whole file)",
    ],
  ],
])("entries: %s", (_what, specimen, words) => {
  expect(allOf(specimen)).toStrictEqual(words);
});

test.each<Row>([
  [
    "a pid and a machine that may be one",
    text(`${alive} saturn`),
    [
      'format text-file, path /srv/garden.lock, text ["<pid> *"], about process',
      "pid is <pid> *: it is a process that runs now",
      "(the whole file is one entry, in plain text)",
      '("saturn" behind the pid: if that is a machine\'s name, write <host> in place of *)',
    ],
  ],
  [
    "a pid, a machine's whole name",
    text(`${gone} saturn.example.org\n`),
    [
      'format text-file, path /srv/garden.lock, text ["<pid> <host>"], about process',
      "pid may be <pid> <host>: a number stands there, and no such process runs now",
      "host may be <pid> <host>: it looks like a machine's name",
      "(the whole file is one entry, in plain text)",
    ],
  ],
  [
    "a labelled pid and host",
    text(`owner: x\npid = ${alive}\nhostname: saturn\n`),
    [
      'format text-file, path /srv/garden.lock, text ["*\\npid = <pid>\\nhostname: <host>"], about process',
      "pid is *\npid = <pid>\nhostname: <host>: it is a process that runs now",
      "host may be *\npid = <pid>\nhostname: <host>: it looks like a machine's name",
      "(the whole file is one entry, in plain text)",
    ],
  ],
  ["pid 0 in a text", text("0\n"), ["nothing", "(is no JSON with entries, and nothing in its text looks like a pid)"]],
  [
    "a pid that is too large in a text",
    text("4194305\n"),
    ["nothing", "(is no JSON with entries, and nothing in its text looks like a pid)"],
  ],
  [
    "the largest in a text",
    text("4194304\n"),
    [
      'format text-file, path /srv/garden.lock, text ["<pid>"], about process',
      "pid may be <pid>: a number stands there, and no such process runs now",
      "(the whole file is one entry, in plain text)",
    ],
  ],
  ["a number behind letters", text(`x${alive}\n`), ["nothing", "(is no JSON with entries, and nothing in its text looks like a pid)"]],
])("plain text: %s", (_what, specimen, words) => {
  expect(allOf(specimen)).toStrictEqual(words);
});

test.each<Row>([
  [
    "a link to a pid that is not there",
    link(`venus-${gone}`),
    [
      'format symlink, path /srv/lock, text ["<host>-<pid>"], about process',
      "pid may be <host>-<pid>: a number stands there, and no such process runs now",
      "(the link is one entry)",
    ],
  ],
  ["a link to pid 0", link("venus:0"), ["nothing", "(is a symbolic link that leads nowhere, and nothing in its target looks like a pid)"]],
  [
    "a link to the largest pid",
    link("4194304"),
    [
      'format symlink, path /srv/lock, text ["<pid>"], about process',
      "pid may be <pid>: a number stands there, and no such process runs now",
      "(the link is one entry)",
    ],
  ],
  [
    "a link that goes on behind its pid",
    link(`venus:${alive}/x`),
    ["nothing", "(is a symbolic link that leads nowhere, and nothing in its target looks like a pid)"],
  ],
  [
    "links of two forms, the one that runs first",
    links({ "a.lock": `venus:${gone}`, "b.pid": `venus-${alive}`, "c.pid": `venus-${gone}` }),
    [
      'format symlink, path /srv/locks, pattern *.pid, text ["<host>-<pid>"], about process',
      "pid is <host>-<pid>: it is a process that runs now",
      "(2 links fit *.pid)",
    ],
  ],
])("links: %s", (_what, specimen, words) => {
  expect(allOf(specimen)).toStrictEqual(words);
});

test.each<Row>([
  [
    "files whose names say the pid that they say",
    directory({ [`${alive}.json`]: { pid: alive, cwd: "/" }, [`${gone}.json`]: { pid: gone, cwd: "/" } }),
    [
      "format json-file, path /srv/agents, pattern <pid>.json, about process",
      "pid is <pid>.json: the number in a file's name is the pid that the file says",
      "pid is pid: it is the number in the file's name",
      "cwd may be cwd: it is called a directory, and is a path",
      "(2 files fit <pid>.json)",
    ],
  ],
  [
    "files by a pid, one of which runs",
    directory({ [`${alive}.lock`]: "x", [`${gone}.lock`]: "y" }),
    [
      "format pid-files, path /srv/agents, pattern <pid>.lock",
      "pid is <pid>.lock: of the numbers in 2 names 1 is a process that runs now",
      "(2 files fit <pid>.lock)",
    ],
  ],
  [
    "files by pids, both of which run",
    directory({ [`${alive}.x`]: "x", [`${other}.x`]: "y" }),
    [
      "format pid-files, path /srv/agents, pattern <pid>.x",
      "pid is <pid>.x: of the numbers in 2 names 2 are processes that run now",
      "(2 files fit <pid>.x)",
    ],
  ],
  [
    "files by small numbers",
    directory({ "12.x": "x", "13.x": "y" }),
    ["nothing", "(holds no file whose name or content looks like a pid, a session or a tmux pane; try again while an agent runs)"],
  ],
  [
    "files by small numbers, called locks",
    directory({ "lock-12": "", "lock-13": "" }),
    [
      "format pid-files, path /srv/agents, pattern lock-<pid>",
      "pid may be lock-<pid>: a number stands in the names, and no such process runs now",
      "(2 files fit lock-<pid>)",
    ],
  ],
  [
    "files by a session, in plain text",
    directory({ [`${session}.lock`]: `${alive}\n`, [`${second}.lock`]: `${gone}\n` }),
    [
      'format text-file, path /srv/agents, pattern <sessionId>.lock, text ["<pid>"], about process',
      "pid is <pid>: it is a process that runs now",
      "(2 files fit <sessionId>.lock)",
    ],
  ],
  [
    "files by a session, with nothing in them",
    directory({ [`${session}.live`]: "", [`${second}.live`]: "" }),
    ["nothing", "(holds no file whose name or content looks like a pid, a session or a tmux pane; try again while an agent runs)"],
  ],
  [
    "files of two shapes",
    directory({ [`${alive}.json`]: { pid: alive }, "a.txt": "x", "b.txt": `${other}\n`, "c.txt": `${gone}\n` }),
    [
      "format json-file, path /srv/agents, pattern <pid>.json, about process",
      "pid is <pid>.json: the number in a file's name is the pid that the file says",
      "pid is pid: it is the number in the file's name",
      "(1 file fits <pid>.json)",
      "(files like *.txt could be entries, too (text-file))",
      "(3 files do not fit, and are never looked at)",
    ],
  ],
  [
    "files of which one is no JSON",
    directory({ "a.json": { pid: alive }, "b.json": "hello", "c.json": { pid: gone } }),
    [
      "format json-file, path /srv/agents, pattern *.json, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "(3 files fit *.json)",
      "(1 of them is no JSON object)",
    ],
  ],
  [
    "a name that holds what a pattern means",
    directory({ "a*b.json": { pid: alive } }),
    [
      "format json-file, path /srv/agents, pattern *.json, about process",
      "pid is pid: it is called a pid, and its value is a process that runs now",
      "(1 file fits *.json)",
    ],
  ],
  [
    "a dot alone, and hidden files",
    directory({ ".state": { pid: alive } }),
    [
      "format json-file, path /srv/agents, pattern .state, about process",
      "pid is pid: it is called a pid, and its value is a process that runs now",
      "(1 file fits .state)",
    ],
  ],
  [
    "hashes and dates in names",
    directory({ "run-0a1b2c3d.json": { pid: alive }, "run-20261120.json": { pid: gone } }),
    [
      "format json-file, path /srv/agents, pattern run-*.json, about process",
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "(2 files fit run-*.json)",
    ],
  ],
  [
    "two numbers in a name",
    directory({ [`${alive}-${other}.json`]: { pid: alive } }),
    [
      "format json-file, path /srv/agents, pattern <pid>-*.json, about process",
      "pid is <pid>-*.json: the number in a file's name is the pid that the file says",
      "pid is pid: it is the number in the file's name",
      "(1 file fits <pid>-*.json)",
    ],
  ],
  [
    "files that could not be read, and links",
    {
      kind: "directory",
      path: "/srv/agents",
      files: [unread(`${alive}.json`), unread(`${gone}.json`)],
      links: [{ key: "latest", target: "x" }],
      others: 0,
    },
    [
      "format pid-files, path /srv/agents, pattern <pid>.json",
      "pid is <pid>.json: of the numbers in 2 names 1 is a process that runs now",
      "(2 files fit <pid>.json)",
      "(2 of them could not be read: permission denied)",
      "(1 symbolic link beside them: name one to see what it claims)",
    ],
  ],
  [
    "a directory of sockets",
    { kind: "directory", path: "/srv/agents", files: [], links: [], others: 2 },
    ["nothing", "(holds no regular file; name a file or a directory of files)"],
  ],
])("files: %s", (_what, specimen, words) => {
  expect(allOf(specimen)).toStrictEqual(words);
});
