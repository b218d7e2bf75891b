import * as fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedNames } from "../../../src/registries/json/repeated.ts";
import { runs } from "../../core/worlds.ts";
import { mustRead, sourceOf } from "../documents.ts";

/** Names as they are written, quotes included. */
function repeatedIn(names: readonly string[]): readonly string[] {
  const bytes = Buffer.from(`{${names.map((name) => `${name}: 1`).join(", ")}}`);
  return [...repeatedNames(sourceOf(bytes), mustRead(bytes, ""))].toSorted();
}

function expected(names: readonly string[]): readonly string[] {
  const meant = names.map((name) => JSON.parse(name) as string);
  return [...new Set(meant.filter((name, index) => meant.indexOf(name) !== index))].toSorted();
}

test.each<readonly [string, readonly string[], readonly string[]]>([
  ["no name", [], []],
  ["one name", ['"mars"'], []],
  ["the same name twice", ['"mars"', '"venus"', '"mars"'], ["mars"]],
  ["the same name three times", ['"mars"', '"mars"', '"mars"'], ["mars"]],
  ["two names twice", ['"a"', '"b"', '"a"', '"b"'], ["a", "b"]],
  ["names that begin alike", ['"mars"', '"mars-1"', '"mar"', '""', '"m"'], []],
  ["an empty name twice", ['""', '"a"', '""'], [""]],
  ["a name in two spellings", ['"mars"', '"m\\u0061rs"'], ["mars"]],
  ["a name in other letters twice", ['"m\u00fc"', '"a"', '"m\u00fc"'], ["m\u00fc"]],
  ["a name in other letters and escaped", ['"m\u00fc"', '"m\\u00fc"'], ["m\u00fc"]],
])("%s", (_, names, again) => {
  expect(repeatedIn(names)).toEqual(again);
});

test("bytes that are no letters are told apart as text, which they are not", () => {
  const bytes = Buffer.from('{"a\u0001": 1, "a\u0002": 2}');
  const at = [bytes.indexOf(1), bytes.indexOf(2)];
  bytes[at[0] ?? 0] = 0xff;
  bytes[at[1] ?? 0] = 0xfe;
  expect([...repeatedNames(sourceOf(bytes), mustRead(bytes, ""))]).toEqual(["a\ufffd"]);
});

const anyName = fc.oneof(
  { weight: 9, arbitrary: fc.nat(40).map((number) => JSON.stringify(`agent-${number}`)) },
  { weight: 6, arbitrary: fc.string({ maxLength: 2 }).map((text) => JSON.stringify(text)) },
);
const rare = fc.constantFrom('"\\u0061"', '"a"', '"ü"', '"\\u00fc"', '"\\/"', '"/"');

test("names that occur more than once are found however many there are, and however they are written", () => {
  const names = fc.tuple(fc.array(anyName, { maxLength: 120, size: "max" }), fc.array(rare, { maxLength: 2 }));
  fc.assert(
    fc.property(names, ([usual, odd]) => {
      expect(repeatedIn([...usual, ...odd])).toEqual(expected([...usual, ...odd]));
    }),
    runs(600),
  );
});
