import { expect, test } from "vitest";
import { claimFrom } from "../../../../src/registries/fields.ts";
import { withDrift } from "../../../../src/registries/formats/shared/claude-drift.ts";

const drifts = (value: unknown): boolean => {
  const claim = withDrift(claimFrom("77.json", value, { sessionId: "id" }), value);
  return claim.ok && claim.mayDrift === true;
};

test.each([
  ["1.9.999", true],
  ["2.0.999", true],
  ["2.1.203", true],
  ["2.1.204", true],
  ["2.1.205", false],
  ["2.1.205-beta.1", false],
  ["2.2.0", false],
  ["3.0.0", false],
  ["2.1", true],
  ["v2.1.300", true],
  ["after 2.1.300", true],
  ["", true],
  [3, true],
  [undefined, true],
])("a record that release %j wrote may be left behind by its session: %s", (version, expected) => {
  expect(drifts({ id: "a", version })).toBe(expected);
});

test("a record that cannot be understood is left behind by none", () => {
  expect(drifts({ id: 7, version: "2.1.1" })).toBe(false);
  expect(drifts(null)).toBe(false);
});
