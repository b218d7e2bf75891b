import { expect, test } from "vitest";
import { claimFrom, type KeepWhen } from "../../../src/registries/fields.ts";
import { withKept } from "../../../src/registries/declared/kept.ts";

const keepWhen: KeepWhen = { state: ["parked", "queued"], "/retry/after": [null, 0] };

const keptFor = (value: unknown): string | undefined => {
  const claim = withKept(claimFrom("mars", value, { sessionId: "id" }), value, keepWhen);
  return claim.ok ? claim.registration.keptFor : "not understood";
};

test.each<[string, unknown, string | undefined]>([
  ["its first value", { id: "a", state: "parked" }, 'state "parked"'],
  ["its second value", { id: "a", state: "queued" }, 'state "queued"'],
  ["another value", { id: "a", state: "running" }, undefined],
  ["a value of another type", { id: "a", state: ["parked"] }, undefined],
  ["nothing", { id: "a" }, undefined],
  ["nothing where a pointer leads", { id: "a", retry: {} }, undefined],
  ["null where a pointer leads", { id: "a", retry: { after: null } }, "/retry/after null"],
  ["nought where a pointer leads", { id: "a", retry: { after: 0 } }, "/retry/after 0"],
  ["two of them, of which the first is said", { id: "a", state: "parked", retry: { after: 0 } }, 'state "parked"'],
])("a writer keeps an entry that says %s", (_, value, said) => {
  expect(keptFor(value)).toBe(said);
});

test("an entry that cannot be understood is kept for no word of its own", () => {
  expect(keptFor({ id: 7, state: "parked" })).toBe("not understood");
  expect(keptFor("parked")).toBe("not understood");
});
