import { expect, test } from "vitest";
import { noSleepKnown, sleepUntil, sleptAtLeast, sleptAtMost, type SleepRecord } from "../../../src/core/clocks/sleep.ts";
import { seen, type Clock, type Sleep } from "../../../src/core/evidence.ts";
import { blind, day, hour, minute, now, thisBoot, earlierBoot } from "../scene.ts";

const at = (wallMs: number, bootMs: number, awakeMs: number): Clock => ({
  wallMs: seen(wallMs),
  bootMs: seen(bootMs),
  awakeMs: seen(awakeMs),
});

function knownAt(clock: Clock, before: SleepRecord = noSleepKnown, bootId: string | undefined = thisBoot): SleepRecord {
  const known = sleepUntil(before, clock, bootId);
  if (!known.seen) throw new Error(known.why);
  return known.value;
}

const night: Sleep = { fromMs: now - 9 * hour, untilMs: now - hour, ms: 8 * hour };

test("what boot clock and awake clock differ by was slept since the boot, and what is more since the last look", () => {
  const first = knownAt(at(now, 40 * hour, 30 * hour));
  expect(first).toEqual({ bootId: thisBoot, ms: 10 * hour, atMs: now, sleeps: [{ fromMs: now - 40 * hour, untilMs: now, ms: 10 * hour }] });
  const awake = knownAt(at(now + hour, 41 * hour, 31 * hour), first);
  expect(awake).toEqual({ ...first, atMs: now + hour });
  const next = knownAt(at(now + day, 64 * hour, 46 * hour), awake);
  expect(next.sleeps).toEqual([...first.sleeps, { fromMs: now + hour, untilMs: now + day, ms: 8 * hour }]);
});

test("a machine that never sleeps has no sleep, and two clocks that are read one after the other make none", () => {
  expect(knownAt(at(now, hour, hour - 9999)).sleeps).toEqual([]);
  expect(knownAt(at(now, hour, hour + 9999)).sleeps).toEqual([]);
  expect(knownAt(at(now, hour, hour - 10_000)).sleeps).toEqual([{ fromMs: now - hour, untilMs: now, ms: 10_000 }]);
});

test("the sleep of another boot is new, and that of an unknown one may be", () => {
  const before = { ...knownAt(at(now, 40 * hour, 30 * hour)), bootId: earlierBoot };
  const clock = at(now + day, 40 * hour, 30 * hour);
  expect(knownAt(clock, before).sleeps).toHaveLength(2);
  expect(knownAt(clock, before, undefined).sleeps).toHaveLength(2);
});

test("sleeps of one day are one, and no more than 64 are kept, of which none is forgotten", () => {
  let known = knownAt(at(now, 0, 0));
  for (let count = 1; count <= 3; count += 1) known = knownAt(at(now + count * hour, count * hour, count * minute), known);
  expect(known.sleeps).toEqual([{ fromMs: now, untilMs: now + 3 * hour, ms: 3 * hour - 3 * minute }]);
  for (let count = 1; count <= 100; count += 1) known = knownAt(at(now + count * day, count * day, count * hour), known);
  expect(known.sleeps).toHaveLength(64);
  expect(known.sleeps.reduce((sum, { ms }) => sum + ms, 0)).toBe(known.ms);
});

test("a sleep that a clock in the future has dated ends now, and takes nothing off the age of what comes after", () => {
  const { sleeps } = knownAt(at(now - day, hour, hour), { ...noSleepKnown, sleeps: [night] });
  expect(sleeps).toEqual([{ fromMs: now - day - 8 * hour, untilMs: now - day, ms: 8 * hour }]);
  expect([sleptAtMost(sleeps, now - day + minute), sleptAtLeast(sleeps, now - day + minute)]).toEqual([0, 0]);
});

test.each(["wallMs", "bootMs", "awakeMs"] as const)("where %s cannot be read, nothing is known of sleep", (part) => {
  expect(sleepUntil(noSleepKnown, { ...at(now, hour, hour), [part]: blind }, thisBoot)).toEqual(blind);
});

test.each([
  ["long before", now - day, 8 * hour, 8 * hour],
  ["as the span began", now - 9 * hour, 8 * hour, 8 * hour],
  ["within the span, early", now - 9 * hour + minute, 8 * hour - minute, 8 * hour - minute],
  ["within the span, late", now - 2 * hour, hour, hour],
  ["as the span ended", now - hour, 0, 0],
  ["after it", now, 0, 0],
] as const)("of a night, to what was %s", (_, time, most, least) => {
  expect([sleptAtMost([night], time), sleptAtLeast([night], time)]).toEqual([most, least]);
});

test("a nap somewhere in a long span may have been since, and need not", () => {
  const nap: Sleep = { fromMs: now - 10 * day, untilMs: now, ms: 2 * day };
  expect([sleptAtMost([nap], now - 5 * day), sleptAtLeast([nap], now - 5 * day)]).toEqual([2 * day, 0]);
  expect([sleptAtMost([nap, nap], now - day), sleptAtLeast([nap], now - 9 * day)]).toEqual([2 * day, day]);
});
