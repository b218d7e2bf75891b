import { describe, expect, test } from "vitest";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { leftBehind } from "../../../src/core/harnesses/left-behind.ts";
import type { Harness, OwnedSession } from "../../../src/core/harnesses/ownership.ts";
import { chainAbove, compareStart, isRunning, type ProcessRow } from "../../../src/core/agents/process-tree.ts";
import { planRetirement, type Self, type Wanted } from "../../../src/core/harnesses/retirement.ts";

import { signsOf } from "./signs.ts";

const self: Self = { pid: 900, uid: 1000, ancestors: new Set([901]) };
const older: Wanted = { kind: "older" };
const all = seen(true as const);

function row(pid: number, startTicks: number, more: Partial<ProcessRow> = {}): ProcessRow {
  return {
    pid,
    parentPid: 1,
    kernelSession: 100,
    terminal: 0,
    startTicks: String(startTicks),
    uid: 1000,
    state: "S",
    argv: ["codex"],
    ...more,
  };
}

function harness(members: readonly ProcessRow[], more: Partial<Harness> = {}): Harness {
  return { agent: "codex", members, hosts: [], signs: ["argv"], children: [], helpers: [], doubts: [], possible: undefined, ...more };
}

const session = (sessionId: string, ...harnesses: readonly Harness[]): OwnedSession => ({ sessionId, harnesses });

/** Pids of the first members of those that are to go; a refusal in its own words. */
function plannedFor(
  sessions: readonly OwnedSession[],
  wanted: Wanted = older,
  complete: Parameters<typeof planRetirement>[1] = all,
): unknown {
  const plan = planRetirement({ sessions, unattributed: [] }, complete, wanted, self);
  if (!plan.ok) return plan.unknown ? `nobody: ${plan.why}` : plan.why;
  return plan.retirees.map((retiree) => `${retiree.session.sessionId} ${retiree.harness.members[0]?.pid}`);
}

const first = harness([row(10, 1), row(11, 2)]);
const [second, third] = [harness([row(20, 5)]), harness([row(30, 9)])];

describe("whom a retirement ends", () => {
  test("all but the newest of every session, and nobody of a session that runs once", () => {
    expect(plannedFor([session("a", first, second, third), session("b", harness([row(40, 3)]))])).toEqual(["a 10", "a 20"]);
  });

  test("nobody where nothing runs", () => expect(plannedFor([])).toEqual([]));

  test.each([10, 11])("the one harness to which pid %i belongs, whichever of its processes that is", (pid) => {
    expect(plannedFor([session("b", third), session("a", first, second)], { kind: "pid", pid })).toEqual(["a 10"]);
  });

  test("the newest when it is named", () => expect(plannedFor([session("a", first, second)], { kind: "pid", pid: 20 })).toEqual(["a 20"]));

  test("the newest, too, when it is named, though another started in the same clock tick", () => {
    expect(plannedFor([session("a", first, harness([row(20, 1)]))], { kind: "pid", pid: 10 })).toEqual(["a 10"]);
  });

  test("nobody for a pid that is no harness, which is said to be unknown", () => {
    expect(plannedFor([session("a", first)], { kind: "pid", pid: 12 })).toBe("nobody: pid 12 is no harness of a session");
  });
});

describe("one obstacle is enough to end nobody", () => {
  test.each<[string, Harness, string]>([
    ["a doubt", harness([row(10, 1)], { doubts: ["it also holds b"] }), "pid 10: it also holds b"],
    ["two doubts", harness([row(10, 1)], { doubts: ["one", "two"] }), "pid 10: one; two"],
    ["pid 1", harness([row(1, 1)]), "pid 1 is never ended"],
    ["pid 0", harness([row(0, 1)]), "pid 0 is never ended"],
    ["ourselves", harness([row(900, 1)]), "pid 900 is sessreap itself or runs it"],
    ["who runs us", harness([row(901, 1)]), "pid 901 is sessreap itself or runs it"],
    ["another user's", harness([row(10, 1, { uid: 7 })]), "pid 10 belongs to user 7"],
    ["another user's second process", harness([row(10, 1), row(11, 1, { uid: 7 })]), "pid 11 belongs to user 7"],
    ["one of the same clock tick", harness([row(10, 5)]), "pid 10 and the newest started in the same clock tick; name the one to end"],
  ])("%s", (_, obstacle, why) => {
    expect(plannedFor([session("a", obstacle, second)])).toBe(why);
    expect(plannedFor([session("b", first, third), session("a", obstacle, second)])).toBe(why);
  });

  test("a process table that cannot all be seen, for every wish", () => {
    for (const wanted of [older, { kind: "pid", pid: 12 }] as const)
      expect(plannedFor([session("a", first, second)], wanted, unseen("hidepid"))).toBe("the processes cannot all be seen: hidepid");
  });

  test("that the newest is another user's is nobody's obstacle", () => {
    expect(plannedFor([session("a", first, harness([row(20, 5, { uid: 7 })]))])).toEqual(["a 10"]);
  });

  test("pid 2 may be ended", () => expect(plannedFor([session("a", harness([row(2, 1)]), second)])).toEqual(["a 2"]));
});

const planFor = (...harnesses: readonly Harness[]) =>
  planRetirement({ sessions: [session("a", ...harnesses)], unattributed: [] }, all, older, self);

describe("whose session is not proven", () => {
  const unsure = (pid: number, start: number): Harness => harness([row(pid, start)], { possible: "it may run another" });

  test("stays, and is not the one for whose sake another goes", () => {
    const note = (pid: number): string => `pid ${pid} stays: it may run another; --retire ${pid} ends it`;
    expect(planFor(first, unsure(20, 5))).toEqual({ ok: true, retirees: [], notes: [note(20)] });
    expect(planFor(unsure(10, 1), second)).toEqual({ ok: true, retirees: [], notes: [note(10)] });
    expect(planFor(first, unsure(20, 5), third)).toMatchObject({ retirees: [{ harness: first, survivor: third }], notes: [note(20)] });
    expect(planFor(unsure(10, 1), unsure(20, 5))).toEqual({ ok: true, retirees: [], notes: [note(10), note(20)] });
  });

  test("alone is said to be nothing that stays", () => expect(planFor(unsure(10, 1))).toEqual({ ok: true, retirees: [], notes: [] }));

  test("ends by the word of the user", () => {
    expect(plannedFor([session("a", unsure(10, 1), second)], { kind: "pid", pid: 10 })).toEqual(["a 10"]);
  });

  test("in doubt, keeps the older ones, too", () => {
    const why = "the older harnesses of a stay, for the newest is in doubt: it also holds b";
    expect(planFor(first, harness([row(20, 5)], { doubts: ["it also holds b"] }))).toEqual({ ok: true, retirees: [], notes: [why] });
  });
});

test("another user's background child stays, and so does what runs sessreap", () => {
  const child = (pid: number, more: Partial<ProcessRow> = {}) =>
    ({ process: row(pid, 2, more), agent: "codex", via: "parent", stays: undefined }) as const;
  const plan = planFor(harness([row(10, 1)], { children: [child(12, { uid: 7 }), child(901), child(13)] }), second);
  expect(plan.ok && plan.retirees[0]?.harness.children.map(({ stays }) => stays)).toEqual([
    "pid 12 belongs to user 7",
    "pid 901 is sessreap itself or runs it",
    undefined,
  ]);
});

describe("what a command leaves behind", () => {
  const tree = [
    row(10, 1, { argv: ["codex", "exec", "/review"] }),
    row(11, 1, { argv: ["codex", "resume", "s1"] }),
    row(12, 1, { argv: ["codex", "app-server"] }),
    row(13, 1, { argv: ["sh", "-c", "sleep 9"] }),
    row(14, 1, { argv: ["claude", "-p", "tidy up"], state: "Z" }),
    row(15, 1, { argv: ["claude", "-p", "tidy up"] }),
    row(16, 1, { argv: ["claude", "-p", "of another command"] }),
  ];

  test("agents without a session of their own, apart from a session, a service and a tool; no zombie, and none of another command", () => {
    const { agents, others } = leftBehind(signsOf(tree), new Set([10, 11, 12, 13, 14, 15]), undefined);
    expect(agents.map(({ process, agent, stays }) => `${process.pid} ${agent} ${stays}`)).toEqual([
      "10 codex undefined",
      "15 claude claude keeps a record of itself, and this one's was not found",
    ]);
    expect(others.map(({ pid }) => pid)).toEqual([11, 12, 13]);
  });
});

describe("process rows", () => {
  test.each([
    ["9", "10", -1],
    ["10", "9", 1],
    ["18446744073709551615", "18446744073709551614", 1],
    ["7", "7", 0],
  ])("tick %s against tick %s is %i, by number and not by spelling", (a, b, order) => {
    expect(compareStart({ startTicks: a }, { startTicks: b })).toBe(order);
  });

  test.each([
    ["R", true],
    ["T", true],
    ["Z", false],
    ["X", false],
  ])("state %s runs: %s", (state, runs) => expect(isRunning(row(10, 1, { state }))).toBe(runs));

  test("chains of parents end where nobody is known, and where they bite their own tail", () => {
    const rows = [row(2, 1, { parentPid: 4 }), row(3, 1, { parentPid: 2 }), row(4, 1, { parentPid: 3 }), row(6, 1, { parentPid: 4 })];
    const ring = new Map(rows.map((one) => [one.pid, one]));
    expect(chainAbove(ring, 6).map(({ pid }) => pid)).toEqual([4, 3, 2]);
    expect(chainAbove(ring, 2).map(({ pid }) => pid)).toEqual([4, 3]);
    expect(chainAbove(ring, 5)).toEqual([]);
  });
});
