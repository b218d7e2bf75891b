import { expect, test } from "vitest";
import { formatMessage } from "../../../../src/core/answer.ts";
import { seen } from "../../../../src/core/evidence.ts";
import { heartbeat } from "../../../../src/core/rungs/signs/heartbeat.ts";
import { blind, day, gone, hour, minute, now, sceneOf, type Described } from "../../scene.ts";

const pid = 4242;
const beat = (ago: number): Pick<Described, "claim"> => ({ claim: { pid, startTicks: "700", lastHeartbeatAt: now - ago } });
const blindToSleep = { time: { sleeps: blind } } as const;
const [fresh, none] = ["unknown heartbeat-fresh", "not-applicable"];

test.each<[string, Described, string]>([
  ["of a minute ago", beat(minute), fresh],
  ["of ten minutes ago", beat(10 * minute), none],
  ["of ten minutes ago but a millisecond", beat(10 * minute - 1), fresh],
  ["of the future", beat(-1), none],
  ["of a day ago, and how long the machine slept since cannot be told", { ...beat(day), ...blindToSleep }, fresh],
  [
    "of a day ago by a clock that was stepped, and sweeps have seen it for a day, asleep or not",
    { ...beat(day), ...blindToSleep, memory: { clockStepped: true, seenForMs: day } },
    none,
  ],
  ["of a day ago, all of it asleep", { ...beat(day), time: { sleeps: seen([{ fromMs: now - day, untilMs: now, ms: day }]) } }, fresh],
  ["that was seen to beat a minute ago, and states a day", { ...beat(day), memory: { stillForMs: minute } }, fresh],
  ["of an hour ago, of one that was seen to pause for half an hour", { ...beat(hour), memory: { longestGapMs: hour / 2 } }, fresh],
  ["by a clock that cannot be read", { ...beat(minute), clock: { wallMs: blind } }, none],
])("a heartbeat %s", (_, described, expected) => {
  const answer = heartbeat.ask(sceneOf({ ...described, pids: { [pid]: blind } }));
  expect(answer.kind === "not-applicable" ? answer.kind : `${answer.kind} ${answer.reason}`).toBe(expected);
});

test("a fresh heartbeat says nothing of a holder that is proven dead", () => {
  const answer = heartbeat.ask(sceneOf({ ...beat(minute), pids: { [pid]: gone } }));
  expect(answer.kind).toBe("not-applicable");
  expect(formatMessage(answer.detail)).toBe("its last heartbeat is 1m old, but its holder is proven dead");
});
