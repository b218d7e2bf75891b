import * as fc from "fast-check";
import widthOf from "fast-string-width";
import { describe, expect, test } from "vitest";
import { table, type Column } from "../../../src/report/screen/table.ts";
import { plain } from "../../../src/report/visible.ts";
import { japanese, screenOf } from "./screens.ts";

const columns: readonly Column[] = [
  { head: "", gap: 1 },
  { head: "ID", most: 24, least: 8, cut: "middle" },
  { head: "AGE", align: "right" },
  { head: "WHERE", most: 44, least: 8, droppable: true, cut: "path" },
  { head: "WHAT", most: 10, least: 4 },
  { head: "WHY", most: 24, least: 8, cut: "middle" },
];
const rows = [
  ["-", "31996", "1h", "~/src/payments-api", "would reap", "process gone"],
  ["-", japanese, "20d", `~/src/${japanese}`, "held back", "thread not loaded"],
  ["", "31955", "12h", "", "waits", ""],
];

function linesAt(width: number | undefined, given: readonly (readonly string[])[] = rows): readonly string[] {
  const { head, rows: lines } = table(columns, given, screenOf(width), plain);
  return [head, ...lines.flat()];
}

describe("rows of a table", () => {
  test("line up, wide characters too", () => {
    expect(linesAt(100)).toEqual([
      "  ID            AGE  WHERE               WHAT        WHY",
      "- 31996          1h  ~/src/payments-api  would reap  process gone",
      "- 日本語-agent  20d  ~/src/日本語-agent  held back   thread not loaded",
      "  31955         12h                      waits",
    ]);
  });

  test("cut where they stood and keep the rest, on a narrow screen", () => {
    expect(linesAt(60)).toEqual([
      "  ID            AGE  WHERE     WHAT        WHY",
      "- 31996          1h  paym…api  would reap  process gone",
      "- 日本語-agent  20d  日本…ent  held back   thread not loaded",
      "  31955         12h            waits",
    ]);
  });

  test("leave out the place before what is done and why", () => {
    expect(linesAt(50)[0]).toBe("  ID            AGE  WHAT        WHY");
  });

  test("have lines of their own for what there is no room for", () => {
    const whole = columns.map((column) => (column.head === "WHAT" ? { head: "WHAT" } : column));
    const { head, rows: lines } = table(whole, rows, screenOf(30), plain);
    expect([head, ...lines.flat()]).toEqual([
      "  ID           AGE  WHAT",
      "- 31996         1h  would reap",
      "    process gone",
      "- 日本…-agent  20d  held back",
      "    thread not loaded",
      "  31955        12h  waits",
    ]);
  });

  test("are whole where there is no width", () => {
    const long = "k".repeat(300);
    expect(linesAt(undefined, [["-", long, "1h", "", "reaped", "process gone"]])[1]).toContain(`${long}  `);
  });

  test("show what would move a cursor", () => {
    expect(linesAt(80, [["-", "a\u001b[2Kb", "1h", "/tmp/\n", "reaped", "pid reused"]])[1]).toContain("a\\x1b[2Kb");
  });
});

test("no row is wider than the screen, whatever is in it", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "/", "語", "e\u0301", "😀", "\u0007"), maxLength: 200 });
  const row = fc.tuple(
    fc.constantFrom("-", "?", ""),
    cell,
    fc.constantFrom("1h", "31s", "?"),
    cell,
    fc.constantFrom("would reap", "FAILED"),
    cell,
  );
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), fc.integer({ min: 24, max: 120 }), (given, width) => {
      for (const line of linesAt(width, given)) expect(widthOf(line), line).toBeLessThanOrEqual(width);
    }),
  );
});
