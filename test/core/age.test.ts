import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ageOf, hasUntoldTime, newestClaimed, newestStamp, type Age } from "../../src/core/age.ts";
import { seen } from "../../src/core/evidence.ts";
import { judge } from "../../src/core/ladder.ts";
import { blind, day, hour, minute, now, sceneOf, type Described } from "./scene.ts";

const noTimes = { registeredAt: undefined, lastActivityAt: undefined } as const;
const ms = (age: Age): number | undefined => (age.known ? age.ms : undefined);

const rows: readonly (readonly [string, Described, number | undefined])[] = [
  ["the newest of its two times counts", { claim: { registeredAt: now - day, lastActivityAt: now - hour } }, hour],
  ["a time in the future does not count", { claim: { registeredAt: now - day, lastActivityAt: now + hour } }, day],
  ["a time of this very moment counts", { claim: { lastActivityAt: now } }, 0],
  [
    "its file's time counts where the file is its own",
    { claim: { registeredAt: now - day }, registry: { oneFile: true, modifiedAt: seen(now - minute) } },
    minute,
  ],
  [
    "its own file's time counts when it is of this very moment",
    { claim: { registeredAt: now - day }, registry: { oneFile: true, modifiedAt: seen(now) } },
    0,
  ],
  [
    "its file's time does not count where others share the file",
    { claim: { registeredAt: now - day }, registry: { modifiedAt: seen(now - minute) } },
    day,
  ],
  [
    "its own file's time does not count when it is in the future",
    { claim: { registeredAt: now - day }, registry: { oneFile: true, modifiedAt: seen(now + minute) } },
    day,
  ],
  ["without a time it is as old as its file's last change", { claim: noTimes, registry: { modifiedAt: seen(now - hour) } }, hour],
  [
    "without a time it is as old as the sweeps that saw it, if that is longer",
    { claim: noTimes, registry: { modifiedAt: seen(now) }, memory: { seenForMs: day } },
    day,
  ],
  ["after a step of the clock only sweeps tell its age", { memory: { clockStepped: true, seenForMs: minute } }, minute],
  ["without a clock nobody knows its age", { clock: { wallMs: blind } }, undefined],
  ["without its file's time nobody knows its age", { registry: { modifiedAt: blind } }, undefined],
  [
    "without a time, in a file from the future, nobody knows its age",
    { claim: noTimes, registry: { modifiedAt: seen(now + 1) } },
    undefined,
  ],
];

test.each(rows)("%s", (_, described, expected) => {
  expect(ms(ageOf(sceneOf(described)))).toBe(expected);
});

test("of no times the newest is none", () => {
  expect(newestStamp(now, sceneOf({ claim: noTimes }).claim, undefined)).toBeUndefined();
});

const aroundNow = fc.option(fc.integer({ min: now - 3, max: now + 3 }), { nil: undefined });

test("a time tells nothing when it is in the future, or is written in a way that is no time", () => {
  fc.assert(
    fc.property(
      aroundNow,
      aroundNow,
      aroundNow,
      fc.constantFrom(true, undefined),
      (registeredAt, lastActivityAt, lastHeartbeatAt, unread) => {
        const { claim } = sceneOf({
          claim: { registeredAt, lastActivityAt, lastHeartbeatAt, ...(unread === true && { hasUnreadTime: true }) },
        });
        const isAhead = [registeredAt, lastActivityAt, lastHeartbeatAt].some((at) => at !== undefined && at > now);
        expect(hasUntoldTime(now, claim)).toBe(unread === true || isAhead);
      },
    ),
  );
});

test("the newest time that an entry claims is the newest of its two that is not in the future", () => {
  fc.assert(
    fc.property(aroundNow, aroundNow, (registeredAt, lastActivityAt) => {
      const scene = sceneOf({ claim: { registeredAt, lastActivityAt } });
      const past = [registeredAt, lastActivityAt].filter((at) => at !== undefined && at <= now).map(Number);
      const newest = past.length === 0 ? undefined : Math.max(...past);
      expect(newestClaimed(now, scene.claim)).toBe(newest);
      expect(newestStamp(now, scene.claim, undefined)?.at).toBe(newest);
    }),
  );
});

test.each<[string, Described, string]>([
  ["registered", { claim: { registeredAt: now - hour, lastActivityAt: now - day } }, "registered"],
  ["last active", { claim: { registeredAt: now - day, lastActivityAt: now - hour } }, "last active"],
  ["written, by its own file", { registry: { oneFile: true, modifiedAt: seen(now - minute) } }, "written"],
  ["its file written, where it has no time", { claim: noTimes }, "file written"],
  ["first seen, after a step of the clock", { memory: { clockStepped: true, seenForMs: minute } }, "first seen"],
  ["first seen and its file written at once", { claim: noTimes, memory: { seenForMs: hour } }, "file written"],
])("an age is told with where it is known from: %s", (_, described, from) => {
  expect(ageOf(sceneOf(described))).toMatchObject({ known: true, from });
});

test.each<[string, Described, string]>([
  ["the clock", { clock: { wallMs: blind } }, blind.why],
  ["its file's time", { registry: { modifiedAt: blind } }, blind.why],
  ["how long the machine slept", { time: { sleeps: blind } }, blind.why],
  [
    "any time",
    { claim: noTimes, registry: { modifiedAt: seen(now + 1) } },
    "the entry has no usable time, and its file was changed in the future",
  ],
])("an age that cannot be known says why: for want of %s", (_, described, why) => {
  expect(ageOf(sceneOf(described))).toEqual({ known: false, why });
});

test("a judgement tells the age where it is known", () => {
  expect(judge(sceneOf({ claim: { registeredAt: now - hour } })).ageMs).toBe(hour);
  expect(judge(sceneOf({ clock: { wallMs: blind } })).ageMs).toBeUndefined();
});
