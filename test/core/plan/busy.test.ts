import { expect, test } from "vitest";
import { longestBusy, nothingBusy, rememberedUser, wholeFile, type BusyRecord } from "../../../src/core/plan/busy.ts";

const record = (sinceMs: number, why: string, more: Partial<BusyRecord> = {}): BusyRecord => ({
  sinceMs,
  why,
  usedBy: undefined,
  sinceFirst: false,
  ...more,
});
const files = (...records: readonly BusyRecord[]): ReadonlyMap<string, BusyRecord> =>
  new Map(records.map((one, index) => [`${index}.json`, one]));

test.each<[string, ReadonlyMap<string, BusyRecord> | undefined, number | undefined, ReturnType<typeof longestBusy>]>([
  ["no file is remembered", undefined, 900, undefined],
  ["the registry has no busy file", files(), 900, undefined],
  ["the awake clock cannot be read", files(record(100, "open")), undefined, undefined],
  ["one file is busy", files(record(100, "open")), 900, { forMs: 800, why: "open" }],
  ["several are", files(record(500, "b"), record(100, "a"), record(700, "c")), 900, { forMs: 800, why: "a" }],
  ["a clock went back since", files(record(1000, "open")), 900, { forMs: 0, why: "open" }],
])("where %s, the file that has been busy for longest is told", (_, records, awakeMs, longest) => {
  expect(longestBusy(records, awakeMs)).toEqual(longest);
});

test.each([
  ["has had the file open since the first sweep", true, { pid: 7, startTicks: "70" }],
  ["came later", false, undefined],
])("a user of a registry's one file that %s counts as its owner: %s", (_, sinceFirst, owner) => {
  const remembered = record(100, "open", { usedBy: { pid: 7, startTicks: "70" }, sinceFirst });
  const memory = { ...nothingBusy, files: new Map([["/r.json", new Map([[wholeFile, remembered]])]]) };
  expect(rememberedUser(memory, "/r.json")).toEqual(owner);
  expect(rememberedUser(memory, "/other.json")).toBeUndefined();
});
