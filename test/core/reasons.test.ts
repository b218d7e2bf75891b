import { expect, test } from "vitest";
import { defaultPolicy } from "../../src/core/policy.ts";
import { reasonSentence, reasons, reasonShort } from "../../src/core/reasons.ts";

test.each(reasons)("%s fits its column and its line", (reason) => {
  const [short, text] = [reasonShort(reason), reasonSentence(reason, defaultPolicy)];
  expect(short.length).toBeLessThanOrEqual(24);
  expect(text.length).toBeLessThanOrEqual(60);
  expect(text).toMatch(/^[A-Z][^{}]*\.$/);
});

test("no two reasons are told alike", () => {
  expect(new Set(reasons.map((reason) => reasonShort(reason))).size).toBe(reasons.length);
  expect(new Set(reasons.map((reason) => reasonSentence(reason, defaultPolicy))).size).toBe(reasons.length);
});

test("the durations in force stand in the sentence", () => {
  expect(reasonSentence("within-grace", { graceMs: 25 * 60_000, ttlMs: 0 })).toContain("25m");
});
