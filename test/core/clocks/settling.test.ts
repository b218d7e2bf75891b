import { describe, expect, test } from "vitest";
import { isSettled, settlingAt, unwatched, type Settling } from "../../../src/core/clocks/settling.ts";
import { seen } from "../../../src/core/evidence.ts";
import { blind, hour, minute } from "../scene.ts";

/** A machine that is swept now and then: how far its clock has been tried after each sweep. */
class Swept {
  settling: Settling = unwatched;
  private awakeMs: number | undefined;

  /** Sweeps at so much awake time of this boot; the first one of each call comes after a boot or a sleep. */
  boot(...sweeps: readonly number[]): readonly boolean[] {
    return sweeps.map((minutes, index) => this.sweep(minutes * minute, index > 0));
  }

  sweep(awakeMs: number, isUnbroken: boolean, { synchronised = false, clockStepped = false } = {}): boolean {
    this.settling = settlingAt({ before: this.settling, awakeMs: this.awakeMs, isUnbroken, clockStepped }, seen(awakeMs), synchronised);
    this.awakeMs = awakeMs;
    return isSettled(this.settling, seen(0)).seen;
  }
}

describe("the clock is trusted", () => {
  test("an hour awake after the first sweep of a boot, however late that came", () => {
    expect(new Swept().boot(0, 30, 59, 60, 61)).toEqual([false, false, false, true, true]);
    expect(new Swept().boot(600, 659, 660)).toEqual([false, false, true]);
  });

  test("an hour after the next boot or sleep again", () => {
    const machine = new Swept();
    expect(machine.boot(0, 60, 70)).toEqual([false, true, true]);
    expect(machine.boot(0, 59, 60)).toEqual([false, false, true]);
  });

  test("at once where the kernel says that it is synchronised, until the next boot", () => {
    const machine = new Swept();
    expect(machine.sweep(minute, false, { synchronised: true })).toBe(true);
    expect(machine.boot(0, 10)).toEqual([false, false]);
  });

  test("an hour after it was stepped, and at once where that was because it is synchronised", () => {
    const machine = new Swept();
    expect(machine.boot(0, 50, 60)).toEqual([false, false, true]);
    expect(machine.sweep(61 * minute, true, { clockStepped: true })).toBe(false);
    expect([120, 121].map((minutes) => machine.sweep(minutes * minute, true))).toEqual([false, true]);
    expect(machine.sweep(122 * minute, true, { clockStepped: true, synchronised: true })).toBe(true);
  });

  test("never by what was watched in boots in which it was stepped", () => {
    const machine = new Swept();
    for (let boot = 0; boot < 10; boot += 1) {
      expect(machine.boot(0, 10)).toEqual([false, false]);
      expect(machine.sweep(20 * minute, true, { clockStepped: true })).toBe(false);
      expect(machine.sweep(40 * minute, true)).toBe(false);
    }
  });

  test("never in the first ten minutes of a boot, in which a wrong clock is mostly set right", () => {
    const machine = new Swept();
    expect(machine.boot(0, 59)).toEqual([false, false]);
    expect(machine.boot(0, 9, 10)).toEqual([false, false, true]);
  });
});

describe("boots that are too short for an hour add up", () => {
  test.each([
    ["40 minutes a day, swept every ten", [0, 10, 20, 30, 40]],
    ["30 minutes, swept every ten", [0, 10, 20, 30]],
    ["33 minutes, swept every eleven", [0, 11, 22, 33]],
    ["25 minutes, swept every ten", [0, 10, 20]],
    ["15 minutes, swept every five", [0, 5, 10, 15]],
  ] as const)("%s: within eight of them two looks find the clock tried", (_, sweeps) => {
    const machine = new Swept();
    const boots = Array.from({ length: 8 }, () => machine.boot(...sweeps));
    const hasTwoLooks = boots.some((settled) => {
      const tried = sweeps.filter((_minutes, index) => settled[index]);
      return (tried.at(-1) ?? 0) - (tried[0] ?? 0) >= 4;
    });
    expect(hasTwoLooks).toBe(true);
    expect(boots[0]?.includes(true)).toBe(false);
    expect(boots.map(([first]) => first)).not.toContain(true);
  });
});

test("an awake clock that cannot be read trusts nothing, and what was watched before is kept", () => {
  const before = { watchedMs: 50 * minute, settledAtMs: undefined };
  const unread = settlingAt({ before, awakeMs: hour, isUnbroken: true, clockStepped: false }, blind, true);
  expect(unread).toEqual(before);
  expect(isSettled({ watchedMs: 0, settledAtMs: 0 }, blind)).toEqual(blind);
});

test("what is said of a clock that is not trusted names how long sweeps have watched it", () => {
  expect(isSettled({ watchedMs: 12 * minute, settledAtMs: undefined }, seen(0))).toEqual({
    seen: false,
    why: "the clock is relied on 1h awake after a boot or a sleep, of which sweeps have seen 12m",
  });
});
