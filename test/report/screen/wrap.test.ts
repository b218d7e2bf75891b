import * as fc from "fast-check";
import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import { labelled } from "../../../src/report/screen/labelled.ts";
import { unlimited } from "../../../src/report/screen/screen.ts";
import { command, wrap, type Part } from "../../../src/report/screen/wrap.ts";
import { plain, type Palette } from "../../../src/report/visible.ts";
import { screenOf } from "./screens.ts";

const painted: Palette = { ...plain, command: (text) => `<${text}>`, problem: (text) => `!${text}!`, strong: (text) => `*${text}*` };

describe("a line beside the report", () => {
  const undo: readonly Part[] = [command("sessreap restore --sweep 462a"), " · kept until Dec 26"];

  test("hangs below its own start", () => {
    expect(labelled("undo", undo, screenOf(40), plain)).toEqual(["undo    sessreap restore --sweep 462a ·", "        kept until Dec 26"]);
  });

  test("shows what can be typed in one piece", () => {
    const parts: readonly Part[] = ["nothing sweeps by itself yet: ", command("sessreap units install"), "."];
    expect(labelled("hint", parts, screenOf(50), painted)).toEqual([
      "hint    nothing sweeps by itself yet:",
      "        <sessreap units install>.",
    ]);
    expect(labelled("undo", undo, screenOf(80), painted)).toEqual(["*undo*    <sessreap restore --sweep 462a> · kept until Dec 26"]);
  });

  test("is one line where there is no width", () => {
    const long = "word ".repeat(100).trim();
    expect(labelled("error", [long], unlimited, painted)).toEqual([`!error!   ${long}`]);
  });
});

test("a word that is wider than the screen is broken where the screen ends", () => {
  const path = `/srv/${"x".repeat(60)}`;
  expect(wrap([`${path} is there`], { first: 0, hang: 2 }, screenOf(40), plain)).toEqual([
    path.slice(0, 38),
    `  ${path.slice(38)} is there`,
  ]);
});

test("no line is wider than the screen, and no letter is lost", () => {
  const text = fc.string({ unit: fc.constantFrom("a", " ", "-", "語", "e\u0301", "😀"), maxLength: 200 });
  const parts = fc.array(fc.oneof(text, text.map(command)), { maxLength: 5 });
  fc.assert(
    fc.property(
      parts,
      fc.integer({ min: 12, max: 60 }),
      fc.constantFrom(0, 2, 8),
      fc.constantFrom(0, 4, 11),
      (given, columns, hang, before) => {
        const lines = wrap(given, { first: before, hang }, screenOf(columns), plain);
        const [first = "", ...others] = lines;
        expect(before + widthOf(first)).toBeLessThanOrEqual(columns);
        for (const line of others) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line.startsWith(" ".repeat(hang))).toBe(true);
        }
        const whole = given.map((part) => (typeof part === "string" ? part : part.text)).join("");
        expect(lines.join("").replaceAll(" ", "")).toBe(whole.replaceAll(" ", ""));
      },
    ),
  );
});
