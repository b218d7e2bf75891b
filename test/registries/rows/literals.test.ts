import { expect, test } from "vitest";
import { boundOf, literalOf, literalSql, placeFor, valueOf } from "../../../src/registries/rows/literals.ts";

test.each([
  ["NULL", null, null],
  ["17", 17n, 17],
  ["-17", -17n, -17],
  ["9223372036854775807", 9_223_372_036_854_775_807n, "9223372036854775807"],
  ["9007199254740991", 9_007_199_254_740_991n, 9_007_199_254_740_991],
  ["9007199254740992", 9_007_199_254_740_992n, "9007199254740992"],
  ["2.5", 2.5, 2.5],
  ["1.0e+100", 1e100, 1e100],
  ["9.0e+999", Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ["'it''s'", "it's", "it's"],
  ["''", "", ""],
  ["'a\nb'", "a\nb", "a\nb"],
  ["X'00ff'", Uint8Array.of(0, 255), { blob: "00ff" }],
  ["X''", new Uint8Array(), { blob: "" }],
  ["CAST(X'410042' AS TEXT)", Uint8Array.of(65, 0, 66), "A\0B"],
])("%s is bound as it was, and read for what it says", (literal, bound, value) => {
  expect(boundOf(literal)).toEqual(bound);
  expect(valueOf(literal)).toEqual(value);
});

test.each(["", "'", "'a'b'", "X'0'", "X'0g'", "1;", "1 OR 1", "'a' || 'b'", "CAST(1 AS TEXT)", "CURRENT_TIME", "null", "--", "0x10"])(
  "%s is no literal, so no tombstone can bring it into a statement",
  (text) => {
    expect(boundOf(text)).toBeUndefined();
  },
);

test("a value is read however long it is", () => {
  const [text, digits] = ["it''s ".repeat(4_000_000), "00ff".repeat(1_000_000)];
  expect(valueOf(`'${text}'`) === "it's ".repeat(4_000_000)).toBe(true);
  expect(boundOf(`'${text}'x'`)).toBeUndefined();
  expect((valueOf(`X'${digits}'`) as { readonly blob: string }).blob === digits).toBe(true);
  expect((boundOf(`X'${digits}'`) as Uint8Array).byteLength).toBe(2_000_000);
});

test("text that is a cast is bound inside one, anything else by itself", () => {
  expect([placeFor("CAST(X'41' AS TEXT)"), placeFor("'CAST(X''41'' AS TEXT)'"), placeFor("1")]).toEqual(["CAST(? AS TEXT)", "?", "?"]);
});

test("what is written comes back as the same value", () => {
  expect(["it's", "", 17, 1_700_000_000_000].map((value) => valueOf(literalOf(value)))).toEqual(["it's", "", 17, 1_700_000_000_000]);
});

test("a column's name stands in quotes, whatever it is", () => {
  expect(literalSql('a"; DROP TABLE b; --')).toContain('quote("a""; DROP TABLE b; --")');
});
