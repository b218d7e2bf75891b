import { describe, expect, test } from "vitest";
import { countedBy, since, steppedUntil, type ClockMemory } from "../../../src/core/clocks/since.ts";
import { seen, untimed, type Clock } from "../../../src/core/evidence.ts";
import { emptyMemory } from "../../../src/core/memory/memory.ts";
import { recall, type Remembered } from "../../../src/core/memory/recall.ts";
import { blind, day, hour, minute, now, thisBoot } from "../scene.ts";

const year = 365 * day;
const wall = (wallMs: number): Clock => ({ wallMs: seen(wallMs), bootMs: seen(hour), awakeMs: seen(hour) });

/** One sweep a boot, an hour after it began, each by the clock that the machine came up with. */
class Booted {
  memory: ClockMemory = emptyMemory;
  private boots = 0;

  boot(clock: Clock | number, synchronised = false): boolean {
    this.boots += 1;
    const at = typeof clock === "number" ? wall(clock) : clock;
    const bootId = `00000000-0000-4000-8000-${String(this.boots).padStart(12, "0")}`;
    const from = since(this.memory, at, bootId);
    const wallMs = at.wallMs.seen ? at.wallMs.value : undefined;
    const steppedAtMs = steppedUntil(this.memory, from, wallMs, synchronised);
    this.memory = { bootId, wallMs, bootMs: hour, awakeMs: hour, steppedAtMs };
    return from.clockStepped;
  }

  /** Whether the next sweep, in another boot, takes an entry of that time for one that another clock may have told. */
  doubts(statedAt: number, nowMs: number): boolean {
    const memory = { ...emptyMemory, ...this.memory };
    const entry: Remembered = {
      registry: "/r",
      registryId: "/r",
      key: "mars",
      statedAt,
      heartbeatAt: undefined,
      digest: () => "",
      unreadBeat: () => undefined,
      heldAs: () => "",
    };
    const at = wall(nowMs);
    return recall(memory, entry, since(memory, at, "f0000000-0000-4000-8000-000000000000"), at, untimed.sleeps).clockStepped;
  }
}

const booted = (...clocks: readonly number[]): Booted => {
  const machine = new Booted();
  for (const clock of clocks) machine.boot(clock);
  return machine;
};

describe("an entry of a boot whose clock was years behind, once the clock is right again, is of unknown age", () => {
  test.each<readonly [string, readonly number[], number, boolean]>([
    ["right, behind, and the entry written there", [now, now - 20 * year], now - 20 * year + hour, true],
    [
      "right, behind twice, and the entry written in the second of these",
      [now, now - 20 * year, now - 20 * year + day],
      now - 20 * year + 2 * day,
      true,
    ],
    ["right, at the first day of 1970 twice", [now, hour, hour], 2 * hour, true],
    ["right, behind, and less far behind", [now, now - 20 * year, now - year], now - year + hour, true],
    ["a year ahead, then right, and the entry written by the right clock", [now + year, now], now + hour, true],
    ["behind from the first sweep on, which no sweep could know", [now - 20 * year], now - 20 * year + hour, false],
    ["right in each boot", [now - day, now], now - hour, false],
    ["behind by less than counts", [now, now - minute], now + minute, false],
  ])("%s", (_, clocks, statedAt, expected) => {
    expect(booted(...clocks).doubts(statedAt, now + 2 * day)).toBe(expected);
  });

  test("also where it states a time of the right clock that no sweep saw", () => {
    // It was registered between the last sweep and the reboot, and was written again by the clock that was behind.
    expect(booted(now, now - 20 * year).doubts(now + 5 * minute, now + 9 * day)).toBe(true);
  });

  test("and one that the right clock has told since is as old as it says", () => {
    const machine = booted(now, now - 20 * year, now + day);
    expect(machine.doubts(now + day + hour, now + 9 * day)).toBe(false);
    expect(machine.doubts(now + hour, now + 9 * day)).toBe(true);
  });
});

test("a boot whose clock ran back, or whose last one had, is a step of the clock", () => {
  const machine = new Booted();
  expect([now, now - 20 * year, now - 19 * year, now + day, now + 2 * day].map((clock) => machine.boot(clock))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
});

test("where the wall clock could not be read, before or now, a step between two boots cannot be ruled out", () => {
  const machine = booted(now);
  expect(machine.boot({ ...wall(0), wallMs: blind })).toBe(true);
  expect(machine.boot(now - 20 * year)).toBe(true);
  expect(machine.doubts(now - 20 * year + hour, now + day)).toBe(true);
});

test("a clock that is synchronised ends the doubt about all that it will say", () => {
  const machine = booted(now + year, now);
  expect(machine.boot(now + day, true)).toBe(true);
  expect(machine.doubts(now + day + hour, now + 9 * day)).toBe(false);
  expect(machine.boot(now + 2 * day)).toBe(false);
  expect(machine.memory.steppedAtMs).toBe(now + day);
});

test("a second step within the years behind does not make the doubt shorter", () => {
  const machine = booted(now, now - 20 * year);
  const from = since(machine.memory, { wallMs: seen(now - 19 * year), bootMs: seen(hour), awakeMs: seen(hour) }, machine.memory.bootId);
  expect(from).toEqual({ sameBoot: true, elapsedMs: 0, clockStepped: true });
  expect(steppedUntil(machine.memory, from, now - 19 * year, false)).toBe(now);
  expect(steppedUntil(emptyMemory, { ...from, clockStepped: false }, now, true)).toBeUndefined();
});

test.each<readonly [string, string | undefined, string]>([
  ["the kernel's own time namespace", "time:[4026531834]", thisBoot],
  ["a kernel that knows of no time namespace", "none", thisBoot],
  ["a time namespace that could not be told", undefined, thisBoot],
  ["a time namespace of its own", "time:[4026532200]", `${thisBoot} time:[4026532200]`],
])("by what the boot clock counts in %s", (_, name, expected) => {
  const timeNamespace = name === undefined ? blind : seen(name);
  const here = { hostname: "venus", bootId: seen(thisBoot), pidNamespace: blind, timeNamespace };
  expect(countedBy(here)).toBe(expected);
  expect(countedBy({ ...here, bootId: blind })).toBeUndefined();
});

test("a boot clock that counts from another moment, as in a time namespace of its own, makes no entry older", () => {
  const memory = { ...emptyMemory, bootId: thisBoot, wallMs: now, bootMs: hour, awakeMs: hour };
  const inside: Clock = { wallMs: seen(now + minute), bootMs: seen(9 * day), awakeMs: seen(9 * day) };
  expect(since(memory, inside, `${thisBoot} time:[4026532200]`)).toEqual({ sameBoot: false, elapsedMs: 0, clockStepped: false });
});
