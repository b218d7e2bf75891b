import { describe, expect, test } from "vitest";
import { seen, untimed, type Clock } from "../../../src/core/evidence.ts";
import { since } from "../../../src/core/clocks/since.ts";
import { agedRecord, recall, remembersAny, recordOf, type Remembered } from "../../../src/core/memory/recall.ts";
import { emptyMemory, nothingRemembered, type Memory } from "../../../src/core/memory/memory.ts";
import { restoredByKey, restoredIn, type Restored, unexpiredMarks } from "../../../src/core/memory/restored.ts";
import { blind, day, hour, minute, now, showed, thisBoot } from "../scene.ts";

const entry: Remembered = {
  registry: "/r.json",
  registryId: "keyed-json():/r.json",
  key: "mars",
  digest: () => "same",
  statedAt: now - day,
  heartbeatAt: undefined,
  unreadBeat: () => undefined,
  heldAs: () => "the session",
};
const noBeat = { heartbeatAt: undefined, unreadBeat: undefined, longestGapMs: 0, stillForMs: undefined, held: undefined };
const hourAgo: Memory = {
  ...emptyMemory,
  bootId: thisBoot,
  wallMs: now - hour,
  bootMs: 9 * hour,
  awakeMs: 4 * hour,
  records: new Map([
    [
      "keyed-json():/r.json",
      new Map([["mars", { digest: "same", seenForMs: 2 * hour, clockStepped: false, absentSinceMs: 3 * hour, ...noBeat }]]),
    ],
  ]),
};
const clock: Clock = { wallMs: seen(now), bootMs: seen(10 * hour), awakeMs: seen(5 * hour) };

function recalled(change: Partial<Memory> = {}, at: Clock = clock, boot: string | undefined = thisBoot) {
  const memory = { ...hourAgo, ...change };
  return recall(memory, entry, since(memory, at, boot), at, untimed.sleeps);
}

describe("how a sweep stands to the one before", () => {
  test.each([
    ["an hour later in the same boot", clock, thisBoot, { sameBoot: true, elapsedMs: hour, clockStepped: false }],
    [
      "after a reboot, when nobody can know for how long it was off",
      clock,
      "another",
      { sameBoot: false, elapsedMs: 0, clockStepped: false },
    ],
    [
      "the wall clock gained a minute, which it may",
      { ...clock, wallMs: seen(now + minute) },
      thisBoot,
      { sameBoot: true, elapsedMs: hour, clockStepped: false },
    ],
    [
      "the wall clock gained more than a minute",
      { ...clock, wallMs: seen(now + minute + 1) },
      thisBoot,
      { sameBoot: true, elapsedMs: hour, clockStepped: true },
    ],
    [
      "the wall clock lost more than a minute",
      { ...clock, wallMs: seen(now - minute - 1) },
      thisBoot,
      { sameBoot: true, elapsedMs: hour, clockStepped: true },
    ],
    [
      "a suspend moves wall clock and boot clock alike, and is no time that an entry was seen",
      { ...clock, awakeMs: seen(4 * hour + 1) },
      thisBoot,
      { sameBoot: true, elapsedMs: 1, clockStepped: false },
    ],
  ] as const)("%s", (_, at, boot, expected) => {
    expect(since(hourAgo, at, boot)).toEqual(expected);
  });

  test.each([
    ["the boot clock cannot be read", { ...clock, bootMs: blind }, thisBoot, hourAgo],
    ["the wall clock cannot be read", { ...clock, wallMs: blind }, thisBoot, hourAgo],
    ["the boot clock could not be read then", clock, thisBoot, { ...hourAgo, bootMs: undefined }],
    ["the boot id cannot be read, and the clocks disagree", { ...clock, wallMs: seen(now + day) }, undefined, hourAgo],
  ] as const)("a step cannot be ruled out where %s", (_, at, boot, memory) => {
    expect(since(memory, at, boot).clockStepped).toBe(true);
  });

  test("a boot clock that went back is another boot's", () => {
    expect(since(hourAgo, { ...clock, bootMs: seen(minute) }, undefined)).toEqual({ sameBoot: false, elapsedMs: 0, clockStepped: false });
  });

  test("without a boot id the clocks can still agree, though no time is counted", () => {
    expect(since(hourAgo, clock, undefined)).toEqual({ sameBoot: false, elapsedMs: 0, clockStepped: false });
  });

  test("the first sweep of all stands to none", () => {
    expect(since(emptyMemory, clock, thisBoot)).toEqual({ sameBoot: false, elapsedMs: 0, clockStepped: false });
  });
});

describe("what is recalled of an entry", () => {
  test("the same bytes are an hour older, and absent for awake time only", () => {
    expect(recalled()).toEqual({
      seenForMs: 3 * hour,
      clockStepped: false,
      absentForMs: 2 * hour,
      restored: false,
      longestGapMs: 0,
      stillForMs: undefined,
      holders: [],
    });
  });

  test("other bytes are as if never seen", () => {
    const memory = { ...hourAgo };
    expect(recall(memory, { ...entry, digest: () => "other" }, since(memory, clock, thisBoot), clock, untimed.sleeps)).toEqual(
      nothingRemembered,
    );
  });

  test("the processes that showed it, whatever else of it was written anew, as long as it claims the same", () => {
    const record = { digest: "same", seenForMs: 0, clockStepped: false, absentSinceMs: undefined, ...noBeat };
    const held = { as: "the session", by: [showed] };
    const memory = { ...hourAgo, records: new Map([[entry.registryId, new Map([["mars", { ...record, held }]])]]) };
    const holders = (change: Partial<Remembered>) =>
      recall(memory, { ...entry, ...change }, since(memory, clock, thisBoot), clock, untimed.sleeps).holders;
    expect(holders({})).toEqual([showed]);
    expect(holders({ digest: () => "other" })).toEqual([showed]);
    expect(holders({ heldAs: () => "another session" })).toEqual([]);
  });

  test("an entry of which nothing is remembered is not even digested", () => {
    const never: Remembered = {
      registry: "/other.json",
      registryId: "keyed-json():/other.json",
      key: "mars",
      statedAt: undefined,
      heartbeatAt: undefined,
      unreadBeat: () => undefined,
      heldAs: () => "",
      digest: () => {
        throw new Error("digested");
      },
    };
    expect(recall(hourAgo, never, since(hourAgo, clock, thisBoot), clock, untimed.sleeps)).toEqual(nothingRemembered);
  });

  test("a reboot breaks the chain of absences and keeps the first sight", () => {
    expect(recalled({}, clock, "another")).toEqual({
      seenForMs: 2 * hour,
      clockStepped: false,
      absentForMs: undefined,
      restored: false,
      longestGapMs: 0,
      stillForMs: undefined,
      holders: [],
    });
  });

  test("an unknown boot breaks the chain of absences", () => {
    expect(recall(hourAgo, entry, since(hourAgo, clock, undefined), clock, untimed.sleeps).absentForMs).toBeUndefined();
  });

  test("a clock of awake time that cannot be read breaks the chain of absences", () => {
    expect(recalled({}, { ...clock, awakeMs: blind }).absentForMs).toBeUndefined();
  });

  test("a heart that has beaten since begins the looks anew, and the longest gap is remembered", () => {
    const at = (heartbeatAt: number | undefined, longestGapMs: number): Partial<Memory> => ({
      records: new Map([
        [
          entry.registryId,
          new Map([
            [
              "mars",
              {
                digest: "same",
                seenForMs: 0,
                clockStepped: false,
                absentSinceMs: 3 * hour,
                heartbeatAt,
                unreadBeat: "beat 1",
                longestGapMs,
                stillForMs: undefined,
                held: undefined,
              },
            ],
          ]),
        ],
      ]),
    });
    const beating = (memory: Partial<Memory>, unread = "beat 1") => {
      const all = { ...hourAgo, ...memory };
      return recall(
        all,
        { ...entry, heartbeatAt: now - minute, unreadBeat: () => unread },
        since(all, clock, thisBoot),
        clock,
        untimed.sleeps,
      );
    };
    expect(beating(at(now - minute, minute))).toMatchObject({ absentForMs: 2 * hour, longestGapMs: minute });
    expect(beating(at(now - 21 * minute, minute))).toMatchObject({ absentForMs: undefined, longestGapMs: 20 * minute });
    expect(beating(at(undefined, 0))).toMatchObject({ absentForMs: undefined, longestGapMs: 0 });
    expect(beating(at(now - minute, minute), "beat 2")).toMatchObject({ absentForMs: undefined, longestGapMs: minute });
    // One that is no time says when it was last written by its change alone.
    expect(beating(at(now - minute, minute)).seenForMs).toBe(hour);
    expect(beating(at(now - minute, minute), "beat 2").seenForMs).toBe(0);
  });

  test.each([
    ["none", [], 20 * hour],
    ["all of it between the beats", [{ fromMs: now - 18 * hour, untilMs: now - 2 * hour, ms: 15 * hour }], 5 * hour],
    ["some of it perhaps after the later beat", [{ fromMs: now - 18 * hour, untilMs: now, ms: 15 * hour }], 6 * hour],
    ["some of it perhaps before the earlier beat", [{ fromMs: now - 24 * hour, untilMs: now - 2 * hour, ms: 15 * hour }], 8 * hour],
    ["before them", [{ fromMs: now - 3 * day, untilMs: now - 2 * day, ms: 20 * hour }], 20 * hour],
    ["more than there is between them", [{ fromMs: now - 21 * hour, untilMs: now - hour, ms: 3 * day }], 0],
  ])("the sleep that lay between two beats for certain is no part of their distance: %s", (_, sleeps, longestGapMs) => {
    const [earlier, later] = [now - 21 * hour, now - hour];
    const known = { digest: "same", seenForMs: 0, clockStepped: false, absentSinceMs: undefined, ...noBeat, heartbeatAt: earlier };
    const gap = (clockStepped: boolean): number => {
      const memory = { ...hourAgo, records: new Map([[entry.registryId, new Map([["mars", { ...known, clockStepped }]])]]) };
      return recall(memory, { ...entry, heartbeatAt: later }, since(memory, clock, thisBoot), clock, seen(sleeps)).longestGapMs;
    };
    expect(gap(false)).toBe(longestGapMs);
    // When a stepped clock dates a sleep, nothing says what of it lay between them.
    expect(gap(true)).toBe(20 * hour);
  });

  test("since when its heart stands still is told by looks alone", () => {
    const beat = (then: number | undefined, stillForMs: number | undefined, current = now - minute): number | undefined => {
      const known = {
        digest: "same",
        seenForMs: 0,
        clockStepped: true,
        absentSinceMs: undefined,
        ...noBeat,
        heartbeatAt: then,
        stillForMs,
      };
      const memory = { ...hourAgo, records: new Map([[entry.registryId, new Map([["mars", known]])]]) };
      return recall(memory, { ...entry, heartbeatAt: current }, since(memory, clock, thisBoot), clock, untimed.sleeps).stillForMs;
    };
    expect(beat(undefined, undefined)).toBeUndefined();
    expect(beat(now - minute, undefined)).toBeUndefined();
    expect(beat(now - day, undefined)).toBe(0);
    expect(beat(now + day, 3 * hour)).toBe(0);
    expect(beat(now - minute, 3 * hour)).toBe(4 * hour);
  });

  test("a sweep that did not look at an entry leaves its record older", () => {
    const record = {
      digest: "same",
      seenForMs: hour,
      clockStepped: false,
      absentSinceMs: 3 * hour,
      ...noBeat,
      heartbeatAt: now,
      stillForMs: minute,
    };
    expect(agedRecord(record, { sameBoot: true, elapsedMs: hour, clockStepped: true })).toEqual({
      ...record,
      seenForMs: 2 * hour,
      stillForMs: 61 * minute,
      clockStepped: true,
    });
  });

  test("a step of the clock is remembered with the bytes that stood through it", () => {
    expect(recalled({}, { ...clock, wallMs: seen(now + day) }).clockStepped).toBe(true);
    const stepped = new Map([
      [
        "keyed-json():/r.json",
        new Map([["mars", { digest: "same", seenForMs: 0, clockStepped: true, absentSinceMs: undefined, ...noBeat }]]),
      ],
    ]);
    expect(recalled({ records: stepped }).clockStepped).toBe(true);
  });

  test.each([
    ["states a time before it", now - day, true],
    ["states a time after it", now - minute, false],
    ["states no time", undefined, false],
  ])("a step that was noticed while nobody read the entry counts if it %s", (_, statedAt, expected) => {
    const memory = { ...hourAgo, records: new Map(), steppedAtMs: now - hour };
    expect(recall(memory, { ...entry, statedAt }, since(memory, clock, thisBoot), clock, untimed.sleeps).clockStepped).toBe(expected);
    const rewritten = { ...entry, statedAt, digest: () => "other" };
    expect(
      recall({ ...hourAgo, steppedAtMs: now - hour }, rewritten, since(hourAgo, clock, thisBoot), clock, untimed.sleeps).clockStepped,
    ).toBe(expected);
  });

  test.each([
    ["while its bytes are those restored", "same", now + day, true],
    ["until the time is over", "same", now, false],
    ["until its bytes change", "other", now + day, false],
  ])("a restored entry is left alone %s", (_, digest, untilMs, expected) => {
    expect(recalled({ restored: restoredByKey([{ registry: "/r.json", key: "mars", digest, untilMs }]) }).restored).toBe(expected);
  });
});

describe("what is kept for the next sweep", () => {
  const quiet = { needsFirstSeen: false, absent: false, beats: false, holders: [], awakeMs: 5 * hour };

  test("nothing of an entry for which it does not matter", () => {
    expect(recordOf(entry, nothingRemembered, quiet)).toBeUndefined();
  });

  test("the first sight of an entry without a usable time", () => {
    expect(recordOf(entry, nothingRemembered, { ...quiet, needsFirstSeen: true })).toEqual({
      digest: "same",
      seenForMs: 0,
      clockStepped: false,
      absentSinceMs: undefined,
      ...noBeat,
    });
  });

  test("the beginning of its absence, and not a later look at it", () => {
    const first = recordOf(entry, nothingRemembered, { ...quiet, absent: true });
    expect(first?.absentSinceMs).toBe(5 * hour);
    expect(recordOf(entry, { ...nothingRemembered, absentForMs: hour }, { ...quiet, absent: true })?.absentSinceMs).toBe(4 * hour);
  });

  test("a look that found it present ends its absence", () => {
    expect(recordOf(entry, { ...nothingRemembered, absentForMs: hour }, { ...quiet, needsFirstSeen: true })?.absentSinceMs).toBeUndefined();
  });

  test("its heartbeat, and the longest time between two that sweeps have seen", () => {
    const beating = { ...entry, heartbeatAt: now - minute };
    expect(recordOf(beating, nothingRemembered, { ...quiet, beats: true })).toMatchObject({ heartbeatAt: now - minute, longestGapMs: 0 });
    expect(recordOf(beating, { ...nothingRemembered, longestGapMs: hour }, { ...quiet, absent: true })?.longestGapMs).toBe(hour);
  });

  test("the processes that showed it, and what it claimed then", () => {
    expect(recordOf(entry, nothingRemembered, { ...quiet, holders: [showed] })?.held).toEqual({ as: "the session", by: [showed] });
  });

  test("the step of the clock that it stood through", () => {
    expect(recordOf(entry, { ...nothingRemembered, clockStepped: true }, quiet)?.clockStepped).toBe(true);
  });
});

const unexpired = (marks: readonly Restored[], wallMs: number | undefined): readonly Restored[] =>
  restoredIn(unexpiredMarks(restoredByKey(marks), wallMs));

describe("a restored entry's mark", () => {
  const mark = { registry: "/r.json", key: "mars", digest: "same", untilMs: now + day };

  test("stands until its time is over", () => {
    expect(unexpired([mark], now)).toEqual([mark]);
    expect(unexpired([mark], now + day)).toEqual([]);
    expect(unexpired([mark], undefined)).toEqual([mark]);
  });

  test("lasts no longer than a week from now, though the clock was set back by a year", () => {
    expect(unexpired([mark], now - 365 * day)).toEqual([{ ...mark, untilMs: now - 358 * day }]);
  });
});

describe("of most registries nothing can be recalled, and then nobody looks for each entry", () => {
  const mark = { registry: entry.registry, key: "mars", digest: "same", untilMs: now + day };
  const nothing: Partial<Memory> = { records: new Map() };
  test.each<readonly [string, Partial<Memory>, Clock, boolean]>([
    ["nothing was kept", nothing, clock, false],
    ["traces of another registry", { records: new Map([["other():/r.json", new Map()]]) }, clock, false],
    ["a trace of an entry", {}, clock, true],
    ["an entry that was put back", { ...nothing, restored: restoredByKey([mark]) }, clock, true],
    ["a step that was noticed earlier", { ...nothing, steppedAtMs: now - 2 * day }, clock, true],
    ["a step since the last sweep", nothing, { ...clock, wallMs: seen(now + hour) }, true],
  ])("%s", (_, change, at, expected) => {
    const memory = { ...hourAgo, ...change };
    const from = since(memory, at, thisBoot);
    expect(remembersAny(memory, entry.registryId, from)).toBe(expected);
    expect(expected ? nothingRemembered : recall(memory, entry, from, at, untimed.sleeps)).toEqual(nothingRemembered);
  });
});
