import { assert, date, property } from "fast-check";
import { expect, test } from "vitest";
import { isoText } from "../../src/core/iso-text.ts";

test("a time is written as toISOString writes it", () => {
  assert(property(date({ noInvalidDate: true }), (at) => isoText(at.getTime()) === at.toISOString()));
  for (const text of ["1970-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "+010000-01-01T00:00:00.000Z"]) {
    expect(isoText(Date.parse(text))).toBe(text);
  }
});

test("what is no time is refused", () => {
  expect(() => isoText(Number.NaN)).toThrow(RangeError);
});
