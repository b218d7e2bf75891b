import { describe, expect, test } from "vitest";
import { serverLiteral, serverText, serverValueOf } from "../../../src/registries/rows/server-values.ts";

describe("a value of a server's table", () => {
  test.each([null, "", "NULL", "it's", "''", "a\nb", "\\x00ff", "17", "X'00'", "CAST(X'00' AS TEXT)", "— ✓"])(
    "is kept to the letter: %j",
    (text) => {
      expect(serverText(serverLiteral(text))).toBe(text);
    },
  );

  test.each([
    ["true", "boolean", true],
    ["false", "boolean", false],
    ["17", "integer", 17],
    ["-9007199254740993", "bigint", "-9007199254740993"],
    ["2.50", "numeric", 2.5],
    ["NaN", "numeric", "NaN"],
    ["2026-01-02 03:04:05.123456+00", "timestamp with time zone", "2026-01-02T03:04:05.123456Z"],
    ["2026-01-02 03:04:05+00", "timestamp with time zone", "2026-01-02T03:04:05Z"],
    // None of these is a time: they are no evidence of an age.
    ["infinity", "timestamp with time zone", "infinity"],
    ["0044-03-15 12:00:00+00 BC", "timestamp with time zone", "0044-03-15 12:00:00+00 BC"],
    ["2026-01-02 03:04:05+02", "timestamp with time zone", "2026-01-02 03:04:05+02"],
    ["2026-01-02 03:04:05", "timestamp without time zone", "2026-01-02 03:04:05"],
    ["17", "text", "17"],
    ["17", undefined, "17"],
  ])("says %s as a %s", (text, type, said) => {
    expect(serverValueOf(serverLiteral(text), type)).toBe(said);
    expect(serverValueOf("NULL", type)).toBeNull();
  });

  test.each(["X'00ff'", "nonsense", "'a'b'"])("is none: %s", (literal) => {
    expect(() => serverText(literal)).toThrow(TypeError);
  });
});
