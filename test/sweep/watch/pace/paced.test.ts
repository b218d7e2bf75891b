import { expect, test } from "vitest";
import { newPaced } from "../../../../src/watch/pace/paced.ts";
import { handTimers } from "../timers.ts";

const letRun = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
};

/** Each act takes ten ms by the clock, and rests four times as long. */
function acting() {
  const timers = handTimers();
  const calls: string[] = [];
  let nowMs = 0;
  const act = async (item: string): Promise<void> => {
    calls.push(item);
    nowMs += 10;
  };
  const paced = newPaced(act, timers.after, { nowMs: () => nowMs, restMs: (tookMs) => 4 * tookMs });
  return { paced, timers, calls };
}

test("what is heard is done at once, and once more after its rest however often it is heard meanwhile", async () => {
  const { paced, timers, calls } = acting();
  for (let times = 0; times < 3; times += 1) paced.hear("a");
  expect(calls).toEqual(["a"]);
  await letRun();
  timers.pass(39);
  expect(calls).toEqual(["a"]);
  timers.pass(1);
  expect(calls).toEqual(["a", "a"]);
  await letRun();
  timers.pass(40);
  expect([calls, timers.count()]).toEqual([["a", "a"], 0]);
  paced.hear("a");
  expect(calls).toEqual(["a", "a", "a"]);
});

test("one item does not wait for another", async () => {
  const { paced, calls } = acting();
  paced.hear("a");
  paced.hear("b");
  await letRun();
  expect(calls).toEqual(["a", "b"]);
});

test("it is closed: nothing is done any more, and no timer is left", async () => {
  const { paced, timers, calls } = acting();
  paced.hear("a");
  await letRun();
  paced.hear("a");
  paced.close();
  timers.pass(100);
  paced.hear("b");
  expect([calls, timers.count()]).toEqual([["a"], 0]);
});

test("it is closed while something is done: that leaves no timer", async () => {
  const { paced, timers } = acting();
  paced.hear("a");
  paced.close();
  await letRun();
  expect(timers.count()).toBe(0);
});
