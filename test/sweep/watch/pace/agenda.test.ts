import { expect, test } from "vitest";
import { newAgenda } from "../../../../src/watch/pace/agenda.ts";
import { newPause } from "../../../../src/watch/pace/pause.ts";
import { handTimers } from "../timers.ts";

const order = ["exits", "whole"] as const;

test("a sweep is due in a second, and is asked for in ten: it is made in a second, and once", () => {
  const timers = handTimers();
  const agenda = newAgenda<"exits" | "whole">(timers.after);
  agenda.soon("whole", 60_000);
  timers.pass(59_000);
  agenda.soon("whole", 10_000);
  timers.pass(1_000);
  expect(agenda.take(order)).toBe("whole");
  timers.pass(100_000);
  expect(agenda.take(order)).toBe(undefined);
});

test("a sweep is due in a minute, and is asked for in ten seconds: it is made then", () => {
  const timers = handTimers();
  const agenda = newAgenda<"exits" | "whole">(timers.after);
  agenda.soon("whole", 60_000);
  agenda.soon("whole", 10_000);
  agenda.soon("whole", 20_000);
  timers.pass(10_000);
  expect(agenda.take(order)).toBe("whole");
  expect(timers.count()).toBe(0);
});

test("what is closed has no timer left", () => {
  const timers = handTimers();
  const agenda = newAgenda<"exits" | "whole">(timers.after);
  agenda.soon("whole", 60_000);
  agenda.soon("whole", 10_000);
  agenda.close();
  expect(timers.count()).toBe(0);
});

test("a pause doubles up to its longest, and begins anew", () => {
  const pause = newPause(250, 1_000);
  expect([pause.next(), pause.next(), pause.next(), pause.next()]).toEqual([250, 500, 1_000, 1_000]);
  pause.reset();
  expect(pause.next()).toBe(250);
});
