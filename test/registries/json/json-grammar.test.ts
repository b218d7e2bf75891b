import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutsFor, keptSpans } from "../../../src/registries/json/json-cuts.ts";
import { memberList } from "../../../src/registries/json/json-members.ts";
import { memberValue, scan } from "../../../src/registries/json/json-bytes.ts";
import { runs } from "../../core/worlds.ts";

/** What stands in the way of reading a text, and at which byte: a person has to find the place. */
function trouble(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  const result = scan({ bytes, text: (start, end) => bytes.toString("utf8", start, end) }, "");
  return result.ok ? "none" : `${result.problem} at ${result.offset}`;
}

describe("a text that is no JSON says where and why", () => {
  test.each([
    ['{"a"', "a colon is missing at 4"],
    ['{"a":', "a value is missing at 5"],
    ['{"a":,', "a value is missing at 5"],
    ['{"a":}', "a value is missing at 5"],
    ["[]]", "something follows the JSON text at 2"],
    ['{"a":[1,]}', "a value is missing at 8"],
    ['{"a":[}', "a value is missing at 6"],
    ['{"a":x}', "a value is no JSON at 5"],
    ['{"a":tru}', "a value is no JSON at 5"],
    ['{"a":nul', "a value is no JSON at 5"],
    ['{"a":+1}', "a value is no JSON at 5"],
    ['{"a":.5}', "a value is no JSON at 5"],
    ['{"a":-}', "a number is no JSON at 6"],
    ['{"a":-', "the text ends inside a value at 6"],
    ['{"a":1.}', "a number is no JSON at 7"],
    ['{"a":1.', "the text ends inside a value at 7"],
    ['{"a":1e}', "a number is no JSON at 7"],
    ['{"a":1e+}', "a number is no JSON at 8"],
    ['{"a":1e-', "the text ends inside a value at 8"],
    ['{"a":[1 2]}', "a comma is missing at 8"],
    ['{"a":[1', "the text ends inside a value at 7"],
    ['{"a":"b', "the text ends inside a string at 7"],
    ['{"a":{1:2}}', "a member's name is missing at 6"],
    ['{"a":{"b" 1}}', "a colon is missing at 10"],
  ])("%j: %s", (text, said) => {
    expect(trouble(text)).toBe(said);
  });

  test.each([
    "0",
    "-0",
    "1e5",
    "1E5",
    "1e+5",
    "1E-05",
    "-1.50e+10",
    "0e0",
    "0.0",
    "10",
    "1e400",
    "9007199254740993",
    "true",
    "false",
    "null",
  ])("%s is a value", (value) => {
    expect(trouble(`{"a":${value}}`)).toBe("none");
    expect(trouble(`[${value}]`)).toBe("none");
  });

  test("numbers are those of JSON.parse, however their parts are put together", () => {
    const part = fc.constantFrom("", "-", "+", "0", "1", "23", ".", ".5", ".0", "e", "E", "e+", "e-", "E+4", "e-05", "7");
    fc.assert(
      fc.property(fc.tuple(part, part, part, part, part), (parts) => {
        const text = `[${parts.join("")}]`;
        let good = true;
        try {
          JSON.parse(text);
        } catch {
          good = false;
        }
        expect(trouble(text) === "none").toBe(good);
      }),
      runs(4000),
    );
  });
});

describe("marks before a text", () => {
  const withBytes = (...bytes: readonly number[]): string => trouble(Buffer.from(bytes).toString("latin1"));

  test("a whole byte order mark is skipped, and half of one or of another kind is not", () => {
    expect(withBytes(0xef, 0xbb, 0xbf, 0x5b, 0x5d)).toBe("none");
    expect(withBytes(0xef, 0xbb, 0x5b, 0x5d)).not.toBe("none");
    expect(withBytes(0xef, 0x41, 0xbf, 0x5b, 0x5d)).not.toBe("none");
    expect(withBytes(0x5b, 0x5d, 0xbf)).toBe("something follows the JSON text at 2");
  });

  test("what looks like UTF-16 is called so, and one odd byte is not", () => {
    for (const pair of [
      [0xff, 0xfe],
      [0xfe, 0xff],
      [0, 0x5b],
      [0x5b, 0],
    ])
      expect(withBytes(...pair)).toContain("UTF-16");
    for (const pair of [[0xfe, 0x5b], [0x5b, 0xff], [0xff, 0x5b], [0x5b, 0xfe], [0]]) expect(withBytes(...pair)).not.toContain("UTF-16");
  });
});

describe("members by index", () => {
  test.each([1, 31, 32, 33, 64, 65, 500])("%i of them keep their places", (count) => {
    const list = memberList();
    for (let index = 0; index < count; index += 1) list.add(index * 10, index * 10 + 3, index * 10 + 7);
    expect(list.length).toBe(count);
    for (let index = 0; index < count; index += 1)
      expect([list.start(index), list.valueStart(index), list.end(index)]).toEqual([index * 10, index * 10 + 3, index * 10 + 7]);
    expect(() => list.start(count)).toThrow(`there is no member ${count}`);
    expect(() => list.end(count)).toThrow(RangeError);
  });

  test("a member's value is what JSON.parse makes of its bytes", () => {
    const bytes = Buffer.from('{"a": [1, {"b":2}] ,"c":"d"}');
    const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
    const result = scan(source, "");
    if (!result.ok) throw new Error(result.problem);
    expect([0, 1].map((index) => memberValue(source, result.container, index))).toEqual([[1, { b: 2 }], "d"]);
  });

  test("a container is found by its pointer, through names and indexes, with all that is inside of its brackets", () => {
    const bytes = Buffer.from('{"a":[0,{"b~/":[ 1 ]},{"b~/":{} }]}');
    const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
    const found = (pointer: string): string => {
      const result = scan(source, pointer);
      if (!result.ok) return result.problem;
      const { kind, inside, members } = result.container;
      return `${kind} of ${members.length}: ${source.text(inside.start, inside.end)}`;
    };
    expect(found("/a/1/b~0~1")).toBe("array of 1:  1 ");
    expect(found("/a/2/b~0~1")).toBe("object of 0: ");
    expect(found("/a/2")).toBe('object of 1: "b~/":{} ');
    expect(found("/a/3")).toBe('there is no "/a/3" in it');
    expect(found("/a/0")).toBe('"/a/0" holds neither an object nor an array');
  });

  test.each([[[-1]], [[3]], [[0.5]], [[1, 1]], [[2, 1]], [[Number.NaN]]])("%j is no choice of three members to cut", (chosen) => {
    const bytes = Buffer.from("[1,2,3]");
    const result = scan({ bytes, text: (start, end) => bytes.toString("utf8", start, end) }, "");
    if (!result.ok) throw new Error(result.problem);
    expect(() => cutsFor(result.container, chosen)).toThrow(RangeError);
  });

  test("what is kept of a text has no empty part", () => {
    expect(keptSpans(9, [])).toEqual([{ start: 0, end: 9 }]);
    expect(keptSpans(9, [{ start: 0, end: 9 }])).toEqual([]);
    expect(keptSpans(9, [{ start: 0, end: 4 }])).toEqual([{ start: 4, end: 9 }]);
    expect(keptSpans(9, [{ start: 4, end: 9 }])).toEqual([{ start: 0, end: 4 }]);
    expect(
      keptSpans(9, [
        { start: 2, end: 4 },
        { start: 4, end: 6 },
      ]),
    ).toEqual([
      { start: 0, end: 2 },
      { start: 6, end: 9 },
    ]);
  });
});
