import { describe, expect, test } from "vitest";
import { shortSweepId, sweepsCalled } from "../../../src/report/listing/sweep-names.ts";
import { fitOf, nameless, resolveId, severalLines, type Names } from "../../../src/report/listing/resolve.ts";
import { cutMiddle } from "../../../src/report/screen/cut.ts";
import { japanese, marked, screenOf } from "../screen/screens.ts";

const sessionId = "019D7B2F-5EDE-7C71-B2FD-000000000001";
const one: Names = {
  format: "claude-sessions",
  key: "sub/4711.json",
  sessionId,
  identity: "mars",
  pid: 17,
  tombstone: "20261120T150000Z-3f2a/0",
};

test.each([
  ["claude-sessions:sub/4711.json", 9],
  ["sub/4711.json", 8],
  [sessionId, 7],
  ["019d7b2f5ede7c71b2fd000000000001", 7],
  ["20261120T150000Z-3f2a/0", 6],
  ["4711", 5],
  ["17", 4],
  ["mars", 3],
  ["019d7b2f", 2],
  ["019D7B2F", 2],
  ["claude-s", 2],
  ["sub/", 2],
  ["sub/*", 1],
  ["019d…01", 1],
  ["019d..01", 1],
  ["claude-*", 1],
  ["*", 1],
  ["sub", 0],
  ["471", 0],
  ["", 0],
  ["venus", 0],
  ["5*", 0],
  ["5…", 0],
  ["mars..venus", 0],
] as const)("%s fits %i", (word, fit) => {
  expect(fitOf(word, one)).toBe(fit);
});

test("an entry that was not understood has its key alone", () => {
  const torn: Names = { ...nameless, format: "keyed-json", key: "broken" };
  expect(["broken", "keyed-json:broken", "undefined"].map((word) => fitOf(word, torn))).toEqual([8, 9, 0]);
});

describe("of several entries", () => {
  const all: readonly Names[] = [
    { ...nameless, format: "keyed-json", key: "4711", identity: "first" },
    { ...nameless, format: "claude-sessions", key: "4711.json", pid: 4711 },
    { ...nameless, format: "llmmsg-bridge", key: "reviewer", pid: 4711 },
    { ...nameless, format: "llmmsg-bridge", key: "reviewer-2", identity: "4711" },
  ];
  const keys = (word: string): readonly string[] => resolveId(word, all, (names) => names).map(({ key }) => key);

  test.each([
    ["4711", ["4711"]],
    ["4711.json", ["4711.json"]],
    ["claude-sessions:4711.json", ["4711.json"]],
    ["review", ["reviewer", "reviewer-2"]],
    ["reviewer", ["reviewer"]],
    ["llmmsg-bridge:*", ["reviewer", "reviewer-2"]],
    ["*2", ["reviewer-2"]],
    ["nobody", []],
  ])("%s means those that fit best", (word, meant) => {
    expect(keys(word)).toEqual(meant);
  });

  test("each is named so that it can be typed", () => {
    const said = severalLines("review", "registrations", [
      { format: "llmmsg-bridge", key: "reviewer", registry: "/srv/r.json" },
      { format: "llmmsg-bridge", key: "a\u001bb", registry: "/srv/r.json" },
    ]);
    expect(said.split("\n").slice(1)).toEqual(["  llmmsg-bridge:reviewer  /srv/r.json", "  llmmsg-bridge:a\\x1bb  /srv/r.json"]);
    expect(fitOf("llmmsg-bridge:a\\x1bb", { ...nameless, format: "llmmsg-bridge", key: "a\u001bb" })).toBe(9);
  });
});

test("a name whose middle was cut out still names its entry", () => {
  for (const key of [japanese.repeat(9), marked.repeat(4), "x".repeat(200), "a/b/c.json".repeat(20)])
    for (const locale of ["C", "de_DE.UTF-8", "ja_JP.UTF-8"])
      for (const cells of [8, 16, 24])
        expect(fitOf(cutMiddle(key, cells, screenOf(80, { LANG: locale })), { ...nameless, format: "keyed-json", key })).toBeGreaterThan(0);
});

describe("a sweep", () => {
  const all = ["20261120T150000Z-00aa462a", "20261121T150000Z-00bb462a", "20261122T150000Z-00cc9c01"];

  test("is called by as many of its last letters as tell it apart, four at least", () => {
    expect(all.map((id) => shortSweepId(id, all))).toEqual(["a462a", "b462a", "9c01"]);
  });

  test.each([
    ["9c01", [2]],
    ["462a", [0, 1]],
    ["b462a", [1]],
    ["20261121T150000Z-00bb462a", [1]],
    ["last", [2]],
    ["c01", []],
    ["0000", []],
  ])("%s", (word, meant) => {
    expect(sweepsCalled(word, all)).toEqual(meant.map((index) => all[index]));
  });
});
