import { expect, test } from "vitest";
import { formatMessage } from "../../src/core/answer.ts";
import { judge, trace } from "../../src/core/ladder.ts";
import { day, hour, minute, now, sceneOf } from "./scene.ts";

/** Sentences are made by whoever reads them, and say then what was judged. */

const policy = { graceMs: 10 * minute, ttlMs: 7 * day };
const of = (registeredAt: number, clockStepped = false) =>
  sceneOf({ claim: { registeredAt }, memory: { clockStepped, seenForMs: 3 * hour }, policy });

test.each([
  ["expired", of(now - 30 * day), "registered 30d ago, longer than the TTL of 7d, and nothing else can tell"],
  ["silent for less", of(now - 5 * hour), "registered 5h ago, within the TTL of 7d, and nothing else can tell"],
  ["after a step of the clock", of(now - 30 * day, true), "the clock was stepped; first seen 3h ago"],
  ["young", of(now - minute), "registered 1m ago, within the grace period of 10m"],
])("%s", (_, scene, said) => {
  expect(formatMessage(judge(scene).detail)).toBe(said);
});

test("an old entry's age is told by the first rung", () => {
  expect(trace(of(now - 30 * day)).map(({ answer }) => formatMessage(answer.detail))[0]).toBe("registered 30d ago");
});
