import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import { isForeign, whereabouts } from "../../../src/core/identity/whereabouts.ts";
import type { Registration } from "../../../src/core/registration.ts";
import { blind, day, earlierBoot, now, sceneOf, thisBoot } from "../scene.ts";

/** This machine was booted forty days ago. */
const began = now - 40 * day;
const { here, clock } = sceneOf({}).evidence;
const ofEarlierBoot = { pid: 4242, bootId: earlierBoot } as const;
const claim = (more: Partial<Registration>): Registration => sceneOf({ claim: more }).claim;
const written = (at: number | undefined, oneFile = true, changedAt = at) => ({
  oneFile,
  modifiedAt: at === undefined ? blind : seen(at),
  changedAt: changedAt === undefined ? blind : seen(changedAt),
  seenInEarlierBoot: false,
  clockStepped: false,
});

test.each<[string, number, number | undefined, string]>([
  ["both as this one began", began, began, "here"],
  ["registered in its first millisecond, in a file from before", began + 1, began, "other-kernel"],
  ["registered before it, in a file of its first millisecond", began, began + 1, "other-kernel"],
  ["registered before it, in a file whose time cannot be read", began - day, undefined, "unknown"],
])("an entry of another boot in a file of its own: %s", (_, registeredAt, modifiedAt, kind) => {
  expect(whereabouts(claim({ ...ofEarlierBoot, registeredAt }), here, written(modifiedAt), clock).kind).toBe(kind);
});

test.each([
  ["as this one began", began, "here"],
  ["in its first millisecond", began + 1, "other-kernel"],
])("an entry of another boot that shares its file, registered %s", (_, registeredAt, kind) => {
  expect(whereabouts(claim({ ...ofEarlierBoot, registeredAt }), here, written(now, false), clock).kind).toBe(kind);
});

test.each([
  ["a file of its own", true],
  ["a shared file", false],
])("an entry of another boot that states no time, in %s: the kernel's time of its last change counts, too", (_, oneFile) => {
  const kindOf = (modifiedAt: number, changedAt: number | undefined): string =>
    whereabouts(claim({ ...ofEarlierBoot, registeredAt: undefined }), here, written(modifiedAt, oneFile, changedAt), clock).kind;
  expect(kindOf(began, began)).toBe("here");
  expect(kindOf(began - day, began + 1)).toBe("other-kernel");
  expect(kindOf(began + 1, began - day)).toBe("other-kernel");
});

test("an entry that states its time is not as new as the last change of its file", () => {
  const registered = claim({ ...ofEarlierBoot, registeredAt: began - day });
  expect(whereabouts(registered, here, written(began - day, true, now), clock).kind).toBe("here");
  expect(whereabouts(registered, here, written(began - day, false, now), clock).kind).toBe("here");
});

test("where the last change of its file cannot be read, an entry without a time is of no boot that can be told", () => {
  const untimed = claim({ ...ofEarlierBoot, registeredAt: undefined });
  const place = whereabouts(untimed, here, { ...written(began - day), changedAt: blind }, clock);
  expect(place).toMatchObject({ kind: "unknown", why: expect.stringContaining(blind.why) });
});

test.each<[string, Partial<Registration>, boolean]>([
  ["nothing of where it was written", {}, false],
  ["this host", { host: "venus" }, false],
  ["another host", { host: "saturn" }, true],
  ["this boot", { bootId: thisBoot }, false],
  ["another boot, written in this one", { bootId: earlierBoot }, true],
  ["this pid namespace", { pidNamespace: "4026531836" }, false],
  ["another pid namespace", { pidNamespace: "4026539999" }, true],
])("an entry that says %s: foreign %s", (_, said, foreign) => {
  expect(isForeign(claim(said), here, written(now), clock)).toBe(foreign);
});

test.each([
  ["the clock", { ...clock, wallMs: blind }],
  ["how long this machine has been up", { ...clock, bootMs: blind }],
])("where %s cannot be read, an entry of another boot is of none that can be told", (_, unread) => {
  const place = whereabouts(claim({ ...ofEarlierBoot, registeredAt: began - day }), here, written(began - day), unread);
  expect(place).toMatchObject({ kind: "unknown", why: expect.stringContaining(blind.why) });
});

test("where the clock was stepped, an entry of another boot is of none that can be told", () => {
  const place = whereabouts(claim(ofEarlierBoot), here, { ...written(began - day), clockStepped: true }, clock);
  expect(place).toMatchObject({ kind: "unknown" });
});

test("what may be another kernel's is foreign", () => {
  const times = written(began - day);
  expect(isForeign(claim(ofEarlierBoot), here, { ...times, clockStepped: true }, clock)).toBe(true);
  expect(isForeign(claim({ pid: 4242 }), here, { ...times, clockStepped: true }, clock)).toBe(false);
});

test("a pid namespace tells nothing where ours cannot be seen", () => {
  expect(isForeign(claim({ pidNamespace: "4026539999" }), { ...here, pidNamespace: blind }, written(now), clock)).toBe(false);
});
