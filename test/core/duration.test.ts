import { expect, test } from "vitest";
import { parseDuration, formatDuration } from "../../src/core/duration.ts";

test.each([
  ["0", 0],
  ["0s", 0],
  ["90s", 90_000],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["7d", 604_800_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "10", "-1s", "1.5h", "10 m", "m", "1w", "١s", "9999999999s"])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("an age is said in its largest whole unit", () => {
  expect([0, 59_999, 60_000, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(formatDuration)).toEqual([
    "0s",
    "59s",
    "1m",
    "1h",
    "47h",
    "2d",
  ]);
});
