import { expect, test } from "vitest";
import { actionNames, actions, ghostIntents, intentNames, intents, isChange, writingIntents } from "../../../src/core/plan/actions.ts";

test.each([
  ["kept", "is not in the history", "has no line in the journal"],
  ["would-reap", "is not in the history", "has no line in the journal"],
  ["would-release", "is not in the history", "has no line in the journal"],
  ["would-heal", "is not in the history", "has no line in the journal"],
  ["reaped", "is in the history", "is a notice"],
  ["released", "is in the history", "is a notice"],
  ["healed", "is in the history", "is a notice"],
  ["pending", "is not in the history", "is information"],
  ["withheld", "is not in the history", "is information"],
  ["busy", "is not in the history", "is information"],
  ["skipped", "is not in the history", "is information"],
  ["failed", "is in the history", "is an error"],
] as const)("an entry that is %s %s and %s", (action, history, journal) => {
  const lines = { 3: "is an error", 4: "is a warning", 5: "is a notice", 6: "is information" };
  const { level } = actions[action];
  expect(isChange(action)).toBe(history === "is in the history");
  expect(level === undefined ? "has no line in the journal" : lines[level]).toBe(journal);
});

test.each([
  ["keep", "kept", "writes nothing"],
  ["wait", "pending", "writes nothing"],
  ["withhold", "withheld", "writes nothing"],
  ["reap", "would-reap", "writes"],
  ["release", "would-reap", "writes"],
  ["take-over", "would-heal", "writes"],
  ["stamp", "would-release", "writes"],
  ["mark", "would-release", "writes"],
] as const)("a sweep that means to %s says %s before it, and %s", (intent, planned, writes) => {
  expect(intents[intent]).toEqual({ planned, writes: writes === "writes" });
  expect(writingIntents.includes(intent)).toBe(writes === "writes");
});

test("only a ghost is meant for anything but to be kept, and before it is done no action is a change", () => {
  expect(intentNames.filter((intent) => !ghostIntents.includes(intent))).toEqual(["keep"]);
  for (const intent of intentNames) expect(isChange(intents[intent].planned)).toBe(false);
  expect(actionNames.filter(isChange)).toEqual(["reaped", "released", "healed", "failed"]);
});
