import { expect, test } from "vitest";
import type { Specimen } from "../../../src/registries/suggest/specimen.ts";
import { alive, bootId, carried, file, gone, machineId, nowMs, other, second, session, since, sinceMs, wordsOf } from "./specimens.ts";

const one = (entry: object): Specimen => file({ mars: entry });
const two = (first: object, last: object): Specimen => file({ mars: first, venus: last });
const at = (ms: number): string => new Date(ms).toISOString();

/** What an entry's members were taken for, a pid that runs aside, and what is said beside that. */
function findingsIn(specimen: Specimen): readonly string[] {
  const { findings, notes } = wordsOf(specimen);
  const isPlain = (finding: string): boolean => finding === "pid is pid: it is called a pid, and its value is a process that runs now";
  const isCount = (note: string): boolean => /^(?:1 entry|\d+ entries) in the whole file$/.test(note);
  return [...findings.filter((said) => !isPlain(said)), ...notes.filter((note) => !isCount(note)).map((note) => `(${note})`)];
}

type Row = readonly [what: string, specimen: Specimen, words: readonly string[]];

test.each<Row>([
  [
    "seconds at which the file was written",
    one({ pid: alive, startedAt: sinceMs / 1000 }),
    ["registeredAt is startedAt: by its name it is when the entry was made, in epoch seconds; its file was written then"],
  ],
  [
    "milliseconds with a fraction",
    one({ pid: alive, createdAt: sinceMs - 86_400_000.5 }),
    ["registeredAt may be createdAt: by its name it is when the entry was made, in epoch milliseconds"],
  ],
  [
    "microseconds, the day before",
    one({ pid: alive, ts: (sinceMs - 86_400_000) * 1000 }),
    ["registeredAt may be ts: by its name it is when the entry was made, in epoch microseconds"],
  ],
  [
    "eleven digits",
    one({ pid: alive, since: 99_999_999_999 }),
    ['("since" is called a time, but 99999999999 is none that is understood: left out)'],
  ],
  [
    "the last moment that counts as written then",
    one({ pid: alive, registeredAt: at(sinceMs + 9_999) }),
    ["registeredAt is registeredAt: by its name it is when the entry was made, an ISO time; its file was written then"],
  ],
  [
    "the first that does not",
    one({ pid: alive, registeredAt: at(sinceMs + 10_000) }),
    ["registeredAt may be registeredAt: by its name it is when the entry was made, an ISO time"],
  ],
  [
    "the same before",
    one({ pid: alive, registeredAt: at(sinceMs - 9_999) }),
    ["registeredAt is registeredAt: by its name it is when the entry was made, an ISO time; its file was written then"],
  ],
  [
    "the last moment that is not in the future",
    one({ pid: alive, registeredAt: at(nowMs + 10_000) }),
    ["registeredAt may be registeredAt: by its name it is when the entry was made, an ISO time"],
  ],
  [
    "the first that is",
    one({ pid: alive, registeredAt: at(nowMs + 10_001) }),
    ["registeredAt may be registeredAt: by its name it is when the entry was made, an ISO time; it lies in the future"],
  ],
  [
    "one of two in the future",
    two({ pid: alive, heartbeat: since }, { pid: gone, heartbeat: at(nowMs + 3_600_000) }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "lastHeartbeatAt may be heartbeat: by its name it is a heartbeat, an ISO time; it lies in the future",
    ],
  ],
  [
    "one of two written then",
    two({ pid: alive, updated: since }, { pid: gone, updated: at(sinceMs - 3_600_000) }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "lastActivityAt is updated: by its name it is when something was done last, an ISO time; its file was written then",
    ],
  ],
  [
    "no time, and a time",
    two({ pid: alive, updated: null }, { pid: gone, updated: since }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "lastActivityAt is updated: by its name it is when something was done last, an ISO time; its file was written then",
    ],
  ],
  [
    "a word for a time",
    two({ pid: alive, updated: "noon" }, { pid: gone, updated: since }),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  [
    "an end in one of two",
    two({ pid: alive, ended_at: null }, { pid: gone, ended_at: since }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "releasedAt is ended_at: by its name it is when it ended, an ISO time; its file was written then",
    ],
  ],
  ["an end that is empty and not null", one({ pid: alive, endedAt: "" }), []],
  ["an end inside, which cannot be written", one({ pid: alive, state: { endedAt: since } }), []],
  [
    "an end and a beat and an activity and a start",
    one({ pid: alive, closedAt: null, lastSeenAt: since, lastUsedAt: since, spawnTime: since }),
    [
      "lastHeartbeatAt is lastSeenAt: by its name it is a heartbeat, an ISO time; its file was written then",
      "lastActivityAt is lastUsedAt: by its name it is when something was done last, an ISO time; its file was written then",
      "registeredAt is spawnTime: by its name it is when the entry was made, an ISO time; its file was written then",
      "releasedAt may be closedAt: by its name it is when it ended, null so far",
    ],
  ],
  [
    "a start written then goes before one that was not",
    one({ pid: alive, createdAt: "2026-11-19T00:00:00Z", startedAt: since }),
    ["registeredAt is startedAt: by its name it is when the entry was made, an ISO time; its file was written then"],
  ],
  [
    "a start of the entry goes before one inside",
    one({ meta: { startedAt: since }, pid: alive, createdAt: "2026-11-19T00:00:00Z" }),
    ["registeredAt may be createdAt: by its name it is when the entry was made, an ISO time"],
  ],
  ["a deadline of a start is none", one({ pid: alive, startDeadline: since, nextStart: since }), []],
  ["no name of a time", one({ pid: alive, flavour: since }), []],
  [
    "a time that cannot be read, called one at its end alone",
    one({ pid: alive, datetime: "soon", timeZone: "UTC", patience: "soon" }),
    ['("datetime" is called a time, but "soon" is none that is understood: left out)'],
  ],
  [
    "of two values the first is said",
    two({ pid: alive, startTime: "soon" }, { pid: gone, startTime: "later" }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      '("startTime" is called a time, but "soon" is none that is understood: left out)',
    ],
  ],
  [
    "a long value is cut",
    one({ pid: alive, startTime: "x".repeat(100) }),
    ['("startTime" is called a time, but "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is none that is understood: left out)'],
  ],
  [
    "states that are over",
    two({ pid: alive, state: "Done" }, { pid: gone, state: "cancelled" }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "keepWhen may be state: it says Done, cancelled of entries that stay",
    ],
  ],
  [
    "a state twice, and one that goes on",
    two({ pid: alive, phase: "dead" }, { pid: gone, phase: "dead" }),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "keepWhen may be phase: it says dead of entries that stay",
    ],
  ],
  [
    "what is called like a state, and is none",
    one({ pid: alive, substatus: "stopped", statusText: "stopped", status: "undone", state: "stopped?" }),
    [],
  ],
])("a time: %s", (_what, specimen, words) => {
  expect(findingsIn(specimen)).toStrictEqual(words);
});

test.each<Row>([
  ["a pid that is not there now", one({ pid: gone }), ["pid may be pid: it is called a pid, but no such process runs now"]],
  [
    "two of three pids run",
    file([{ pid: alive }, { pid: other }, { pid: gone }]),
    ["pid is pid: it is called a pid, and 2 of 3 values are processes that run now"],
  ],
  [
    "one of two pids runs",
    file([{ pid: alive }, { pid: gone }]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  [
    "numbers that are called otherwise",
    file([{ runner: alive }, { runner: other }]),
    ["pid may be runner: 2 of 2 values are processes that run now, though it is not called a pid"],
  ],
  [
    "a number that runs, and one that does not",
    file([{ runner: alive }, { runner: gone }]),
    ["pid may be runner: 1 of 2 values is a process that runs now, though it is not called a pid"],
  ],
  ["no pid yet in one of two", file([{ pid: 0 }, { pid: alive }]), []],
  ["no pid in other spellings", file([{ pid: -1 }, { pid: "0" }, { pid: "-1" }, { pid: alive }]), []],
  [
    "a pid that is none",
    file([{ pid: alive }, { pid: 4.5 }]),
    ["(holds nothing that looks like a pid, a session or a tmux pane; try again while an agent runs)"],
  ],
  [
    "a pid that is a word",
    file([
      { pid: alive, id: "mars" },
      { pid: "4711a", id: "venus" },
    ]),
    ["sessionId may be id: it is called an id"],
  ],
  [
    "a pid with a blank, and a session",
    one({ pid: " 4711", sessionId: session }),
    ["sessionId is sessionId: it is called a session, and is a UUID"],
  ],
  ["the largest pid there is", one({ pid: 4_194_304 }), ["pid may be pid: it is called a pid, but no such process runs now"]],
  ["one more", one({ pid: 4_194_305, sessionId: session }), ["sessionId is sessionId: it is called a session, and is a UUID"]],
  ["pid 1", one({ holderPid: 1 }), ["pid may be holderPid: it is called a pid, but no such process runs now"]],
  [
    "pid goes before another that is called so",
    one({ agent_pid: alive, pid: other }),
    ['("agent_pid" could be the pid, too: it is called a pid, and its value is a process that runs now)'],
  ],
  [
    "a pid that runs goes before one called pid that does not",
    one({ pid: gone, agentPid: alive }),
    [
      "pid is agentPid: it is called a pid, and its value is a process that runs now",
      '("pid" could be the pid, too: it is called a pid, but no such process runs now)',
    ],
  ],
  ["a process", one({ process: alive }), ["pid is process: it is called a pid, and its value is a process that runs now"]],
  [
    "the owner's process",
    one({ ownerProcessId: alive }),
    ["pid is ownerProcessId: it is called a pid, and its value is a process that runs now"],
  ],
  [
    "a parent's and a launcher's",
    one({ parentPid: alive, launcherPid: alive, pid: gone }),
    ["pid may be pid: it is called a pid, but no such process runs now"],
  ],
  [
    "a group's id is no pid",
    one({ pgid: alive, sid: alive, pid: gone }),
    ["pid may be pid: it is called a pid, but no such process runs now"],
  ],
  [
    "a number too small to be likely",
    one({ runner: 299, sessionId: session }),
    ["sessionId is sessionId: it is called a session, and is a UUID"],
  ],
  [
    "a start of two, one of them right",
    file([
      { pid: alive, start: alive * 10 },
      { pid: other, start: 7 },
    ]),
    [
      "pid is pid: it is called a pid, and 2 of 2 values are processes that run now",
      "startTicks may be start: it is when its process started, in clock ticks since boot",
    ],
  ],
  [
    "starts of two, both right",
    file([
      { pid: alive, start: alive * 10 },
      { pid: other, start: String(other * 10) },
    ]),
    [
      "pid is pid: it is called a pid, and 2 of 2 values are processes that run now",
      "startTicks is start: it is when its process started, in clock ticks since boot",
    ],
  ],
  [
    "a right start goes before one by its name",
    one({ pid: alive, startTicks: 7, born: alive * 10 }),
    ["startTicks is born: it is when its process started, in clock ticks since boot"],
  ],
  [
    "a start that is no number",
    file([
      { pid: alive, startTicks: "x" },
      { pid: gone, startTicks: 7 },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  [
    "starts without a pid to try them",
    one({ sessionId: session, procStart: 7 }),
    [
      "startTicks may be procStart: it is called a start, and no process of an entry runs now to try it",
      "sessionId is sessionId: it is called a session, and is a UUID",
    ],
  ],
  ["what only begins with start", one({ pid: gone, starts: 7 }), ["pid may be pid: it is called a pid, but no such process runs now"]],
])("a pid: %s", (_what, specimen, words) => {
  expect(findingsIn(specimen)).toStrictEqual(words);
});

test.each<Row>([
  ["a session that is a UUID", one({ sessionId: session }), ["sessionId is sessionId: it is called a session, and is a UUID"]],
  ["a session that is none", one({ session_id: "mars-1" }), ["sessionId may be session_id: it is called a session"]],
  [
    "a session in braces is one word all the same",
    one({ threadId: `{${session}}` }),
    ["sessionId may be threadId: it is called a session"],
  ],
  ["an id that is a UUID", one({ pid: alive, id: session }), ["sessionId may be id: it is called an id, and is a UUID"]],
  ["an id that is none", one({ pid: alive, sid: "mars-1" }), ["sessionId may be sid: it is called an id"]],
  [
    "a UUID without hyphens under any name",
    one({ pid: alive, run: session.replaceAll("-", "") }),
    ["sessionId may be run: it is a UUID, though it is not called a session"],
  ],
  [
    "a UUID in one of two",
    file([
      { pid: alive, run: session },
      { pid: gone, run: "mars-1" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  [
    "a session in one of two is a UUID",
    file([
      { pid: alive, chat: session },
      { pid: gone, chat: "mars-1" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now", "sessionId may be chat: it is called a session"],
  ],
  ["a text with a blank is no id", one({ pid: alive, sessionId: "mars one" }), []],
  ["a path is no id", one({ pid: alive, sessionId: "mars/one" }), []],
  [
    "ids of three and of four letters",
    file([
      { pid: alive, chatId: "abc", threadId: "abcd" },
      { pid: gone, chatId: "abd", threadId: "abce" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now", "sessionId may be threadId: it is called a session"],
  ],
  ["an id of 128 letters", one({ pid: alive, sessionId: "x".repeat(128) }), ["sessionId may be sessionId: it is called a session"]],
  ["an id of 129 letters", one({ pid: alive, sessionId: "x".repeat(129) }), []],
  [
    "carried, under any name",
    one({ pid: gone, run: carried }),
    ["pid may be pid: it is called a pid, but no such process runs now", "sessionId is run: process 4711 has it in its arguments"],
  ],
  [
    "carried by one of two",
    file([
      { pid: alive, run: carried },
      { pid: gone, run: second },
    ]),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "sessionId is run: process 4711 has it in its arguments",
    ],
  ],
  [
    "the same session in all, and carried",
    file([
      { pid: alive, sessionId: carried },
      { pid: gone, sessionId: carried },
    ]),
    [
      "pid is pid: it is called a pid, and 1 of 2 values is a process that runs now",
      "sessionId is sessionId: process 4711 has it in its arguments",
    ],
  ],
  [
    "the same session in all",
    file([
      { pid: alive, sessionId: session },
      { pid: gone, sessionId: session },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  [
    "the boot's id in another spelling",
    one({ pid: alive, sessionId: bootId.replaceAll("-", "").toUpperCase() }),
    ["bootId is sessionId: it is the id of this boot"],
  ],
  [
    "a session's and an id",
    one({ sessionId: session, id: second }),
    [
      "sessionId is sessionId: it is called a session, and is a UUID",
      '("id" could be the sessionId, too: it is called an id, and is a UUID)',
    ],
  ],
  [
    "names that hold a session's and are none",
    one({ pid: alive, sessions: session, sessionCount: "three", idle: "mars", identifier: "mars" }),
    ["sessionId may be sessions: it is a UUID, though it is not called a session"],
  ],
])("an id: %s", (_what, specimen, words) => {
  expect(findingsIn(specimen)).toStrictEqual(words);
});

test.each<Row>([
  ["this host, with a domain", one({ pid: alive, host: "Venus.example.org" }), ["host is host: it is the name of this machine"]],
  ["another host", one({ pid: alive, nodeName: "saturn" }), ["host may be nodeName: it is called a host; no entry names this one"]],
  [
    "this host and another",
    file([
      { pid: alive, hostname: "venus" },
      { pid: gone, hostname: "saturn" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now", "host is hostname: it is the name of this machine"],
  ],
  [
    "an address of two",
    file([
      { pid: alive, host: "venus" },
      { pid: gone, host: "10.0.0.7" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  ["addresses with a port and with a path", one({ pid: alive, host: "venus:80", node: "venus/1", machine: "127.0.0.1" }), []],
  ["names that hold a host's and are none", one({ pid: alive, hostKey: "venus", ghost: "venus", hosts: "venus" }), []],
  ["a host that is a number", one({ pid: alive, host: 7 }), []],
  ["a boot by its name", one({ pid: alive, bootId: second }), ["bootId may be bootId: it is called a boot, and is a UUID"]],
  ["a boot that is no UUID", one({ pid: alive, bootId: "yesterday" }), []],
  [
    "this boot in one of two",
    file([
      { pid: alive, when: bootId },
      { pid: gone, when: second },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now", "bootId is when: it is the id of this boot"],
  ],
  [
    "this machine without a name for it",
    one({ pid: alive, where: machineId.toUpperCase() }),
    ["machineId is where: it is the id of this machine"],
  ],
  [
    "pid namespaces",
    one({ pid: alive, pidNs: 4_026_531_836, pidNsPath: "/proc/1/ns/pid" }),
    ["pidNamespace may be pidNs: it is called a pid namespace"],
  ],
  [
    "a namespace under a long name",
    one({ pid: alive, pid_namespace: "pid:[4026531836]" }),
    ["pidNamespace may be pid_namespace: it is called a pid namespace"],
  ],
  [
    "directories, the plainest first",
    one({ pid: alive, workspaceRoot: "/srv/a", cwd: "/srv/b" }),
    ["cwd may be cwd: it is called a directory, and is a path"],
  ],
  ["a directory that is no path", one({ pid: alive, cwd: "here", dir: "srv" }), []],
  [
    "a directory in one of two",
    file([
      { pid: alive, cwd: "/srv" },
      { pid: gone, cwd: "srv" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  ["names, the agent's first", one({ pid: alive, alias: "m", agentName: "mars" }), ["identity may be agentName: it is called a name"]],
  [
    "a name that is a UUID or a path",
    one({ pid: alive, name: session, handle: "/srv" }),
    ["sessionId may be name: it is a UUID, though it is not called a session"],
  ],
  ["a name of 128 letters", one({ pid: alive, name: "x".repeat(128) }), ["identity may be name: it is called a name"]],
  ["a name of 129", one({ pid: alive, name: "x".repeat(129) }), []],
  [
    "a number for a name",
    file([
      { pid: alive, name: "mars" },
      { pid: gone, name: 7 },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
  ["names that only hold a name's", one({ pid: alive, filename: "mars", nameless: "venus", roots: "/srv", subdir: "/srv" }), []],
  [
    "tmux",
    one({ tmuxSession: "mars", pane: "%3", tmuxSocketPath: "/tmp/tmux" }),
    [
      "tmuxSession may be tmuxSession: it is called a tmux session",
      "tmuxPane may be pane: it is a tmux pane (%N)",
      "tmuxSocket may be tmuxSocketPath: it is called a tmux socket",
    ],
  ],
  [
    "a pane that is none, and a session under a long name",
    one({ pane: "3", tmux_session_name: "mars" }),
    ["tmuxSession may be tmux_session_name: it is called a tmux session"],
  ],
  [
    "a pane of two that is none",
    file([
      { pid: alive, pane: "%3" },
      { pid: gone, pane: "left" },
    ]),
    ["pid is pid: it is called a pid, and 1 of 2 values is a process that runs now"],
  ],
])("a place or a name: %s", (_what, specimen, words) => {
  expect(findingsIn(specimen)).toStrictEqual(words);
});
