import * as fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/report/visible.ts";
import { runs } from "../core/worlds.ts";

test.each([
  ["an escape sequence", "\u001b[31mred", "\\x1b[31mred"],
  ["a line's end", "a\nb\r", "a\\x0ab\\x0d"],
  ["a bell in the C1 range", "\u0085\u009b", "\\x85\\x9b"],
  ["an override of the direction", "\u202etxt.exe", "\\u202etxt.exe"],
  ["a letter without width", "a\u200bb\ufeff", "a\\u200bb\\ufeff"],
  ["half a pair", "\ud83d!", "\\ud83d!"],
  ["the other half", "!\ude80", "!\\ude80"],
  ["a whole pair stays", "🚀 é 漢", "🚀 é 漢"],
])("%s", (_, text, expected) => {
  expect(visible(text)).toBe(expected);
});

test("a long text is cut, and says so", () => {
  expect(visible("x".repeat(200))).toHaveLength(200);
  expect(visible("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
});

test("nothing that a terminal acts upon ever comes through", () => {
  const unit = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.uint16Array().map((codes) => String.fromCharCode(...codes)),
  );
  fc.assert(
    fc.property(unit, (text) => {
      const shown = visible(text);
      // Format characters (Cf) and controls (Cc) but for those outside the planes that the report guards.
      expect(shown).not.toMatch(/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u);
      expect(shown.length).toBeLessThanOrEqual(200);
    }),
    runs(500),
  );
});

test("a cut never leaves half a letter", () => {
  fc.assert(
    fc.property(fc.nat(210), (before) => {
      const shown = visible(`${"x".repeat(before)}${"🚀".repeat(60)}`);
      expect(Buffer.from(shown).toString()).toBe(shown);
    }),
    runs(300),
  );
});

test("characters that nobody sees are shown by their number, above the first plane, too", () => {
  expect(visible("mars\u{e0041}\u{1d173}\u3164\u0600")).toBe(String.raw`mars\u{e0041}\u{1d173}\u3164\u0600`);
});
