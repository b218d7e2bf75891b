import { expect, test } from "vitest";
import { nothingClaimed } from "../../src/core/registration.ts";
import { fitOf } from "../../src/sweep/key-match.ts";
import type { ExaminedEntry } from "../../src/sweep/judge/examined.ts";

const sessionId = "019D7B2F-5EDE-7C71-B2FD-000000000001";
const registration = { ...nothingClaimed, key: "sub/4711.json", sessionId, identity: "mars", pid: 4711 };
const one = { entry: { key: "sub/4711.json", claim: { ok: true, registration } } } as unknown as ExaminedEntry;

test.each([
  ["sub/4711.json", 3],
  ["claude-sessions:sub/4711.json", 3],
  ["4711", 3],
  [sessionId, 3],
  ["019d7b2f5ede7c71b2fd000000000001", 3],
  ["mars", 3],
  ["sub/*", 2],
  ["019d…01", 2],
  ["claude-*", 2],
  ["*", 2],
  ["019d7b2f", 1],
  ["claude-s", 1],
  ["sub/", 1],
  ["sub", 0],
  ["471", 0],
  ["", 0],
  ["venus", 0],
  ["5*", 0],
] as const)("%s fits %i", (word, fit) => {
  expect(fitOf(word, one, "claude-sessions")).toBe(fit);
});

test("an entry that was not understood has its key alone", () => {
  const torn = { entry: { key: "broken", claim: { ok: false, problem: "" } } } as unknown as ExaminedEntry;
  expect(["broken", "keyed-json:broken", "undefined"].map((word) => fitOf(word, torn, "keyed-json"))).toEqual([3, 3, 0]);
});
