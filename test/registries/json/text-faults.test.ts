import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedName, syntaxProblem } from "../../../src/registries/json/text-faults.ts";

const source = (text: string) => {
  const bytes = Buffer.from(text);
  return { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
};

test.each([
  ['{"a":1}', undefined],
  ['\uFEFF{"a":1}', undefined],
  ['{"a":1,\n  // why\n"b":2}', "a comment stands here; JSON has none, take it out (line 2, column 3)"],
  ['{"a":1 /* why */}', "a comment stands here; JSON has none, take it out (line 1, column 8)"],
  ['{"a":1 / 2}', "a comma is missing (line 1, column 8)"],
  ['["a" , ]', "a comma stands before a closing bracket; take it out (line 1, column 8)"],
  ['{"a":}', "a value is missing (line 1, column 6)"],
  ['["a"}', "a comma is missing (line 1, column 5)"],
  ["['a']", "an apostrophe stands here; names and texts of JSON stand in double quotes (line 1, column 2)"],
  ["{ä:1}", "a member's name is missing (line 1, column 2)"],
  ["{$a:1}", "a name stands without double quotes (line 1, column 2)"],
  ["{} {}", "something follows the JSON text (line 1, column 4)"],
])("%j: %s", (text, said) => {
  expect(syntaxProblem(source(text))).toBe(said);
});

test.each([
  ['{"a":{"b":[1,{"c":1,"d":2,"c":3}]}}', ["a", "b", 1, "c"], ["line 1, column 15", "line 1, column 27"]],
  ['\uFEFF{"a":1,"a":{}}', ["a"], ["line 1, column 5", "line 1, column 11"]],
  ['[{"a":1},{"a":2,"\\u0061":3}]', [1, "a"], ["line 1, column 11", "line 1, column 17"]],
])("of %j a name stands twice at %j", (text, path, places) => {
  expect(repeatedName(source(text))).toEqual({ path, places });
});

test("no name of a text that was made from a value stands twice, and it has no fault", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify({ value }, undefined, indent);
      expect([syntaxProblem(source(text)), repeatedName(source(text))]).toEqual([undefined, undefined]);
    }),
  );
});

test("names that are nested deeper than any configuration are not compared", () => {
  const deep = `${"[".repeat(32)}{"a":1,"a":2}${"]".repeat(32)}`;
  expect(repeatedName(source(deep))).toBeUndefined();
  expect(repeatedName(source(deep.slice(1, -1)))).toMatchObject({ path: [...Array<number>(31).fill(0), "a"] });
});
