import { expect, test } from "vitest";
import { coverageOf } from "../../src/registries/coverage.ts";

test("a field is counted where its member is, and where that says something", () => {
  const values = [{ pid: 7, at: "noon" }, { pid: 0 }, { pid: "x" }, { pid: null }, 7, undefined, { "a/b": { at: 1_700_000_000 } }];
  expect(coverageOf({ pid: "pid", registeredAt: "at", lastActivityAt: "/a~1b/at" }, {}, values)).toEqual([
    { field: "pid", member: "pid", found: 4, understood: 1, names: ["pid", "at", "a/b"] },
    { field: "registeredAt", member: "at", found: 1, understood: 0, names: ["pid", "at", "a/b"] },
    { field: "lastActivityAt", member: "/a~1b/at", found: 1, understood: 1, names: ["at"] },
  ]);
});

test("a bare value and a key are found", () => {
  expect(coverageOf({ pid: "<value>", identity: "<key>" }, {}, [7, "8", { pid: 9 }])).toEqual([
    { field: "pid", member: "<value>", found: 2, understood: 2, names: ["pid"] },
    { field: "identity", member: "<key>", found: 3, understood: 3, names: ["pid"] },
  ]);
});

test("forty names are kept, and no more", () => {
  const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`m${index}`, index]));
  expect(coverageOf({ pid: "pid" }, {}, [wide, { other: 1 }])[0]?.names).toHaveLength(40);
});

test("what keeps an entry is looked for as its fields are", () => {
  expect(coverageOf({}, { statu: ["over"], "/at/state": [1] }, [{ status: "over" }, { at: { state: 2 } }])).toEqual([
    { field: "keepWhen", member: "statu", found: 0, understood: 0, names: ["status", "at"] },
    { field: "keepWhen", member: "/at/state", found: 1, understood: 1, names: ["state"] },
  ]);
});
