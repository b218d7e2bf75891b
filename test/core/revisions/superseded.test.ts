import { expect, test } from "vitest";
import { supersededRows, type StartRow } from "../../../src/core/revisions/superseded.ts";

const minute = 60_000;

function row(key: string, more: Partial<StartRow> = {}): StartRow {
  return {
    key,
    identity: "auditor",
    sessionId: `session-${key}`,
    pid: 4711,
    startTicks: "100",
    bootId: "boot",
    subprocessId: undefined,
    registeredAt: 0,
    releasedAt: undefined,
    releaseReason: undefined,
    automatic: false,
    ...more,
  };
}

const released = (...rows: readonly StartRow[]) => supersededRows(rows).releases.map(({ key, by, reason }) => `${key} by ${by}: ${reason}`);

test("a new session of the same process supersedes its old one", () => {
  expect(released(row("a"), row("b", { registeredAt: minute }))).toEqual(["a by b: superseded_by_new_start"]);
});

test("a stable subprocess id stands for the process", () => {
  const old = row("a", { subprocessId: "s", pid: undefined, startTicks: undefined });
  expect(released(old, { ...old, key: "b", sessionId: "new", registeredAt: minute })).toEqual(["a by b: superseded_by_new_start"]);
});

test.each([
  ["another process", { pid: 4712 }],
  ["the same pid, started at another time", { startTicks: "101" }],
  ["the same pid and ticks in another boot", { bootId: "other" }],
  ["a process whose start nobody recorded", { startTicks: undefined }],
  ["another subprocess", { subprocessId: "t" }],
  ["another identity", { identity: "builder" }],
  ["an automatic re-registration", { automatic: true }],
  ["a row that was released itself", { releasedAt: 2 * minute }],
  ["a row that was released at a time that cannot be read", { releasedAt: Number.NaN }],
  ["the same session, registered again", { sessionId: "session-a" }],
  ["a row that nobody can date", { registeredAt: undefined }],
  ["a row of the same moment", { registeredAt: 0 }],
])("%s supersedes nothing", (_name, more) => {
  expect(released(row("a"), row("b", { registeredAt: minute, ...more }))).toEqual([]);
});

test("nothing of a flapping identity is superseded, and the loop is told", () => {
  const loop = [0, 1, 2, 3].map((index) => row(`f${index}`, { registeredAt: index * 5000 }));
  const { releases, flapping } = supersededRows([
    ...loop,
    row("x", { identity: "calm" }),
    row("y", { identity: "calm", registeredAt: minute }),
  ]);
  expect(releases.map(({ key }) => key)).toEqual(["x"]);
  expect(flapping.get("auditor")).toEqual({ ids: 4, spanMs: 15_000 });
});

const gone = (key: string, releasedAt: number, releaseReason = "superseded_by_new_start") => row(key, { releasedAt, releaseReason });

test.each([
  ["right after a release of its identity", 0, []],
  ["five minutes after it", 5 * minute, []],
  ["later", 5 * minute + 1, ["a by b: superseded_by_new_start"]],
  ["before it", -1, ["a by b: superseded_by_new_start"]],
])("a row that came %s supersedes what a fresh start would", (_when, after, wanted) => {
  const at = 60 * minute;
  expect(released(row("a"), row("b", { registeredAt: at + after }), gone("c", at, "stale_heartbeat"))).toEqual(wanted);
});

test("three answers to releases of ours are a loop, however far apart, and answers to others' are none", () => {
  const answers = (reason: string) =>
    [1, 2, 3].flatMap((hour) => [
      gone(`released-${hour}`, hour * 60 * minute, reason),
      row(`answer-${hour}`, { registeredAt: hour * 60 * minute + 5000 }),
    ]);
  expect(supersededRows(answers("superseded_by_new_start")).flapping.get("auditor")).toEqual({ ids: 3, spanMs: 120 * minute });
  expect(supersededRows(answers("stale_heartbeat")).flapping.size).toBe(0);
});
