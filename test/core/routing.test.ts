import { expect, test } from "vitest";
import { flappingOf } from "../../src/core/flapping.ts";
import { compareRoutes, whyBefore, type Routed } from "../../src/core/routing.ts";

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
  expect([compareRoutes(first, second) < 0, whyBefore(first, second)]).toEqual([true, why]);
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
