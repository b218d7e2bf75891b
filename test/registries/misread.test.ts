import { expect, test } from "vitest";
import type { FieldMap } from "../../src/registries/fields.ts";
import { absentFields, misreadOf } from "../../src/registries/misread.ts";

const isLive = (pid: number): boolean => pid === 700;
const id = "019d0000-0000-7000-8000-000000000001";

function misread(fields: FieldMap, values: readonly unknown[], inNames: readonly string[] = []): string | undefined {
  return misreadOf({ fields, inNames }, () => values, isLive);
}

test.each<[string, FieldMap, readonly unknown[], string]>([
  [
    "a number that is no pid, beside one that is",
    { pid: "port" },
    [
      { pid: 700, port: 8080 },
      { pid: 9, port: 8081 },
    ],
    '"port" (pid) names no process that runs, and "pid" is called one and does',
  ],
  [
    "the pid of what started the holder",
    { sessionId: "id", pid: "launcherPid" },
    [
      { id, pid: 9, launcherPid: 700 },
      { id, pid: 700, launcherPid: 8 },
    ],
    '"launcherPid" (pid) names no process that runs, and "pid" is called one and does',
  ],
  [
    "a number deeper in it, beside a pid",
    { sessionId: "id", pid: "/at/port" },
    [{ id, at: { port: 8080, process_id: "700" } }],
    '"/at/port" (pid) names no process that runs, and "/at/process_id" is called one and does',
  ],
  [
    "a number deeper in it, and a pid above",
    { sessionId: "id", pid: "/shell/shell_pid" },
    [{ id, pid: 700, shell: { shell_pid: 8 } }],
    '"/shell/shell_pid" (pid) names no process that runs, and "pid" is called one and does',
  ],
  [
    "what an entry holds, taken for the entries",
    { pid: "pid" },
    [700, "mars", null],
    "no entry is an object; the pointer to the entries may lead one step too far",
  ],
  [
    "entries that are what holds the entries",
    { sessionId: "id", pid: "pid" },
    [3, { mars: { id, pid: 700 }, venus: {} }],
    'no entry has "id" (sessionId) or "pid" (pid); the members there are "mars", "venus"',
  ],
  [
    "a pid under its usual name",
    { sessionId: "id", pid: "process_id" },
    [{ id, pid: 9 }, { id }],
    'no entry has "process_id" (pid), and "pid" looks like it; the members there are "id", "pid"',
  ],
  [
    "a pid deeper in it under another name",
    { sessionId: "id", pid: "/holder/pid" },
    [{ id, hostPid: 9 }],
    'no entry has "/holder/pid" (pid), and "hostPid" looks like it; the members there are "id", "hostPid"',
  ],
  [
    "a number that is a live pid",
    { sessionId: "id", pid: "process_id" },
    [
      { id, runner: 900 },
      { id, runner: 700 },
    ],
    'no entry has "process_id" (pid), and "runner" looks like it; the members there are "id", "runner"',
  ],
  [
    "a session under another name",
    { sessionId: "sesion_id", pid: "pid" },
    [{ sessionId: "s-1", pid: 9 }],
    'no entry has "sesion_id" (sessionId), and "sessionId" looks like it; the members there are "sessionId", "pid"',
  ],
  [
    "an id under any name",
    { sessionId: "session", pid: "pid" },
    [{ conversation: id, pid: 9 }],
    'no entry has "session" (sessionId), and "conversation" looks like it; the members there are "conversation", "pid"',
  ],
  [
    "an id under a name that tells nothing",
    { sessionId: "session", pid: "pid" },
    [{ trace: id, pid: 9 }],
    'no entry has "session" (sessionId), and "trace" looks like it; the members there are "trace", "pid"',
  ],
  [
    "an identity under another name",
    { sessionId: "id", identity: "agent" },
    [{ id, agent_name: "mars" }],
    'no entry has "agent" (identity), and "agent_name" looks like it; the members there are "id", "agent_name"',
  ],
  [
    "fields that claim nothing",
    { registeredAt: "since" },
    [{ since: 1.7e9 }],
    'no entry has a sessionId, pid or identity that its fields name; the members there are "since"',
  ],
  [
    "more members than are said",
    { sessionId: "id" },
    [Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`m${index}`, index]))],
    'no entry has "id" (sessionId); the members there are "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11" and 2 more',
  ],
])("%s", (_, fields, values, expected) => {
  expect(misread(fields, values)).toBe(expected);
});

const understood: readonly (readonly [string, FieldMap, readonly unknown[], (readonly string[])?])[] = [
  ["every member that is mapped", { sessionId: "id", pid: "pid" }, [{ id, pid: 700 }]],
  ["each in another entry", { sessionId: "id", pid: "pid" }, [{ id }, { pid: 700 }]],
  ["the pid of an agent, though its writer runs", { sessionId: "id", pid: "agentPid" }, [{ id, agentPid: 8, pid: 700 }]],
  ["the pid of what started it, which runs", { sessionId: "id", pid: "launcherPid" }, [{ id, launcherPid: 700, pid: 8 }]],
  ["a number that is no pid, and a pid that does not run", { sessionId: "id", pid: "port" }, [{ id, port: 8, pid: 9 }]],
  ["null under its name", { sessionId: "id", pid: "process_id" }, [{ id, process_id: null, pid: 7 }]],
  ["no pid, and nothing like one", { sessionId: "id", pid: "pid" }, [{ id, port: 700, since: 1 }]],
  [
    "no pid, and numbers of which one is too small for one",
    { sessionId: "id", pid: "pid" },
    [
      { id, turns: 3 },
      { id, turns: 700 },
    ],
  ],
  ["no pid, and numbers of which none is alive", { sessionId: "id", pid: "pid" }, [{ id, turns: 701 }]],
  ["no pid, and its parent's", { sessionId: "id", pid: "pid" }, [{ id, ppid: 9, parentPid: 8 }]],
  ["no session, and a boot's id", { sessionId: "session", pid: "pid" }, [{ boot_id: id, pid: 9 }]],
  ["no session, and a name that is mapped", { sessionId: "session", identity: "name", pid: "pid" }, [{ name: "mars", pid: 9 }]],
  [
    "no session, and a member like it that is mapped",
    { sessionId: "session_id", identity: "session", pid: "pid" },
    [{ session: "mars", pid: 9 }],
  ],
  [
    "no session, and a member like it that a pointer maps",
    { sessionId: "session_id", identity: "/session", pid: "pid" },
    [{ session: "mars", pid: 9 }],
  ],
  ["no session, and a longer text that begins like an id", { sessionId: "session", pid: "pid" }, [{ trace: `${id}-7`, pid: 9 }]],
  ["no session, and a longer text that ends like an id", { sessionId: "session", pid: "pid" }, [{ trace: `7-${id}`, pid: 9 }]],
  ["no identity, and how its agents are", { sessionId: "id", identity: "called" }, [{ id, agentsQuiet: true }]],
  ["its key for a session", { sessionId: "<key>", pid: "pid" }, [{ since: 1 }]],
  ["itself for a pid", { pid: "<value>" }, [700]],
  ["a pid in its file's name", { sessionId: "id", pid: "process_id" }, [{ pid: 9 }], ["pid"]],
  ["nothing that is an object", { sessionId: "id" }, [3, "text", null, []]],
  ["nothing at all", { sessionId: "id" }, []],
];

test.each(understood.map(([what, fields, values, inNames = []]) => ({ what, fields, values, inNames })))(
  "entries with $what are understood",
  ({ fields, values, inNames }) => {
    expect(misread(fields, values, inNames)).toBeUndefined();
  },
);

test("of the other members those that are nowhere are told", () => {
  const fields = { sessionId: "id", registeredAt: "since", host: "/at/host", bootId: "boot" };
  const values = [{ id }, { id, since: null }, { id, at: { host: "venus" } }];
  expect(absentFields(fields, {}, values)).toEqual(['"boot" (bootId)']);
  expect(absentFields(fields, { since: [1], statu: ["over"] }, values)).toEqual(['"boot" (bootId)', '"statu" (keepWhen)']);
});

test("a hundred entries tell what members are called", () => {
  const values = [...Array.from({ length: 99 }, () => ({ a: 1 })), { b: 1 }, { c: 1 }];
  expect(misread({ sessionId: "id" }, values)).toBe('no entry has "id" (sessionId); the members there are "a", "b"');
});
