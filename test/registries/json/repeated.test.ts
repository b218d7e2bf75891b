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

/** FNV-1a, as it is written down everywhere. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** How many texts are made to tell names apart. */
function textsMade(names: readonly string[]): number {
  const bytes = Buffer.from(`{${names.map((name) => `${name}: 1`).join(", ")}}`);
  let made = 0;
  const text = (start: number, end: number): string => {
    made += 1;
    return bytes.toString("utf8", start, end);
  };
  repeatedNames({ bytes, text }, mustRead(bytes, ""));
  return made;
}

test("usual names are told apart without making a text of any", () => {
  const usual = Array.from({ length: 5000 }, (_, number) => JSON.stringify(`agent-${number}`));
  expect(textsMade(usual)).toBe(0);
  expect(textsMade([...usual, '"agent-7"'])).toBe(1);
  expect(textsMade([...usual, '"\\u0061"'])).toBe(5001);
});

test.each([
  ["costarring", "liquid"],
  ["declinate", "macallums"],
  ["altarage", "zinke"],
])("%s and %s have the same hash, and are two names", (one, other) => {
  expect(fnv(one)).toBe(fnv(other));
  const names = [one, other, "mars"].map((name) => JSON.stringify(name));
  expect(repeatedIn(names)).toEqual([]);
  expect(repeatedIn([...names, JSON.stringify(other)])).toEqual([other]);
  expect(textsMade(names)).toBe(0);
});

test("names that begin alike and have the same hash are two names", () => {
  const seen = new Map<number, string>();
  const pairs: (readonly [string, string])[] = [];
  for (let number = 0; pairs.length < 2 && number < 1_000_000; number += 1) {
    const text = `agent-${((number * 2_654_435_761) >>> 0).toString(36)}`;
    const before = seen.get(fnv(text));
    if (before !== undefined) pairs.push([before, text]);
    seen.set(fnv(text), text);
  }
  expect(pairs).toHaveLength(2);
  for (const [one, other] of pairs) expect(repeatedIn([JSON.stringify(one), JSON.stringify(other)])).toEqual([]);
});

test("names that were made to collide are told apart all the same, as text", () => {
  const slot = (text: string): number => (fnv(text) ^ (fnv(text) >>> 15)) & 255;
  const made = Array.from({ length: 40_000 }, (_, number) => `agent-${number}`).filter((text) => slot(text) === 7);
  const names = made.slice(0, 100).map((text) => JSON.stringify(text));
  expect(names).toHaveLength(100);
  expect(repeatedIn(names)).toEqual([]);
  expect(textsMade(names)).toBe(100);
  expect(repeatedIn([...names.slice(0, 99), names[3] ?? ""])).toEqual([made[3]]);
});
