import { expect, test } from "vitest";
import { deadByAbsence, live, notApplicable, provenDead, strongest, unknown } from "../../src/core/answer.ts";
import { endpointName } from "../../src/core/endpoint.ts";
import { unseen } from "../../src/core/evidence.ts";

test("answers without weight tell what each of them found, in their order, the silent ones left out", () => {
  expect(strongest([notApplicable("no pid"), notApplicable(""), notApplicable("no lock")])).toEqual(notApplicable("no pid; no lock"));
  expect(strongest([notApplicable(""), notApplicable("")])).toEqual(notApplicable(""));
  expect(strongest([])).toEqual(notApplicable(""));
});

test("life goes before doubt, doubt before death, and among equals the first stands, whatever the order", () => {
  const [alive, doubt, gone] = [live("pid-alive", "a"), unknown("pid-unseen", "b"), provenDead("pid-gone", "c")];
  const nothing = notApplicable("d");
  expect(strongest([nothing, gone, doubt, alive])).toBe(alive);
  expect(strongest([doubt, gone, nothing])).toBe(doubt);
  expect(strongest([nothing, gone, deadByAbsence("no-process", "e")])).toBe(gone);
  expect(strongest([gone, provenDead("pid-reused", "f")])).toBe(gone);
  expect(strongest([alive, live("attached-cli", "g")])).toBe(alive);
});

test("what was not seen says why", () => expect(unseen("too dark")).toEqual({ seen: false, why: "too dark" }));

test("an endpoint is called by its port on the loopback interface, or by its path", () => {
  expect(endpointName({ kind: "tcp", port: 8788 })).toBe("127.0.0.1:8788");
  expect(endpointName({ kind: "unix", path: "/run/s" })).toBe("/run/s");
});
