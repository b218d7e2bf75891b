import { expect, test } from "vitest";
import { flappingOf, formatFlapping } from "../../../src/core/revisions/flapping.ts";
import { compareRoutes, whyBefore, type Routed } from "../../../src/core/agents/routing.ts";

const row = (master: boolean, lastActivityAt: number | undefined, lastHeartbeatAt: number | undefined): Routed => ({
  master,
  lastActivityAt,
  lastHeartbeatAt,
});

test.each([
  ["a silent master goes before whoever spoke last", row(true, undefined, undefined), row(false, 9, 9), "master"],
  ["who has spoken goes before a heart that beats now", row(false, 1, undefined), row(false, undefined, 9), "it has spoken"],
  ["who spoke later goes first, however old its heartbeat", row(false, 2, 1), row(false, 1, 9), "it spoke later"],
  [
    "between two that never spoke the later heartbeat goes first",
    row(false, undefined, 9),
    row(false, undefined, 1),
    "later heartbeat, for want of better",
  ],
])("%s", (_name, first, second, why) => {
  expect([compareRoutes(first, second) < 0, compareRoutes(second, first) > 0, whyBefore(first, second)]).toEqual([true, true, why]);
});

const started = (...seconds: readonly number[]) =>
  seconds.map((second, index) => ({ sessionId: `s${index}`, registeredAt: second * 1000 }));

test("a new session id every few seconds is flapping", () => {
  expect(flappingOf(started(0, 5, 10, 15, 20))).toEqual({ ids: 5, spanMs: 20_000 });
});

test("a loop is told although its first session was quiet for hours", () => {
  expect(flappingOf(started(0, 10_000, 10_004, 10_008, 10_012))).toEqual({ ids: 4, spanMs: 12_000 });
});

test.each([
  ["three quick restarts", started(0, 5, 10)],
  ["a restart a minute", started(0, 60, 120, 180, 240, 300)],
  ["one session that registers again and again", started(0, 5, 10, 15).map((one) => ({ ...one, sessionId: "same" }))],
  ["several that registered in one moment", started(7, 7, 7, 7, 7)],
  ["times that nobody recorded", started(0, 5, 10, 15).map((one) => ({ ...one, registeredAt: undefined }))],
])("%s is no flapping", (_name, rows) => {
  expect(flappingOf(rows)).toBeUndefined();
});

test("a loop is told although its rows come in any order, and by its longest run", () => {
  expect(flappingOf(started(300, 10, 0, 5, 15, 310, 305, 320, 315, 325))).toEqual({ ids: 6, spanMs: 25_000 });
});

test("of two loops of one length the first is told, and its gaps may be as long as the limit", () => {
  expect(flappingOf(started(0, 30, 60, 90, 1000, 1001, 1002, 1003))).toEqual({ ids: 4, spanMs: 90_000 });
});

test("rows that lack an id or a time say nothing about a loop", () => {
  const rows = [...started(0, 5, 10), { sessionId: undefined, registeredAt: 15_000 }, { sessionId: "late", registeredAt: undefined }];
  expect(flappingOf(rows)).toBeUndefined();
  expect(flappingOf([...rows, { sessionId: "s9", registeredAt: 20_000 }])).toEqual({ ids: 4, spanMs: 20_000 });
});

test("a loop is told with its registry, its ids and its span", () => {
  expect(formatFlapping({ registry: "/r.json", identity: "mars", ids: 5, spanMs: 20_000 })).toBe(
    "mars of /r.json is flapping: 5 session ids in 20s; nothing of it is superseded",
  );
});

test.each([
  ["the master, alone", row(true, 1, 1), undefined, "master"],
  ["nobody else", row(false, 1, 1), undefined, "the only one, or the last"],
  ["one that is like it", row(false, 1, 1), row(false, 1, 1), "nothing tells them apart; as registered"],
  ["two masters of one moment, one with a heart", row(true, 1, 2), row(true, 1, undefined), "later heartbeat, for want of better"],
])("before %s", (_name, first, second, why) => {
  expect(whyBefore(first, second)).toBe(why);
});

test("times that nobody recorded come last, and two of them are alike", () => {
  const rows = [row(false, undefined, undefined), row(false, undefined, 1), row(false, 1, undefined), row(false, 2, undefined)];
  expect(rows.toSorted(compareRoutes).map(({ lastActivityAt, lastHeartbeatAt }) => [lastActivityAt, lastHeartbeatAt])).toEqual([
    [2, undefined],
    [1, undefined],
    [undefined, 1],
    [undefined, undefined],
  ]);
  expect(compareRoutes(row(false, 1, undefined), row(false, 1, undefined))).toBe(0);
});
