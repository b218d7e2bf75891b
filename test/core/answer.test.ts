import { expect, test } from "vitest";
import {
  type Answer,
  deadByAbsence,
  live,
  notApplicable,
  provenDead,
  formatMessage,
  noSign,
  stronger,
  unknown,
} from "../../src/core/answer.ts";
import { unseen } from "../../src/core/evidence.ts";
import { endpointName } from "../../src/core/registration.ts";

const strongest = (answers: readonly Answer[]): Answer => answers.reduce(stronger);

test("answers without weight tell what each of them found, in their order, the silent ones left out", () => {
  const said = (...answers: readonly Answer[]): string => `${strongest(answers).kind}: ${formatMessage(strongest(answers).detail)}`;
  expect(
    said(
      notApplicable("no pid"),
      notApplicable(""),
      notApplicable(() => "no lock"),
    ),
  ).toBe("not-applicable: no pid; no lock");
  expect(said(noSign, notApplicable("no lock"), noSign)).toBe("not-applicable: no lock");
  expect(said(notApplicable(""), notApplicable(""))).toBe("not-applicable: ");
  expect(said(noSign, noSign)).toBe("not-applicable: ");
});

test("nothing is put together where there is nothing to add", () => {
  const one = notApplicable("no pid");
  expect(stronger(one, noSign)).toBe(one);
  expect(stronger(noSign, one)).toBe(one);
});

test("life goes before doubt, doubt before death, and among equals the first stands, whatever the order", () => {
  const [alive, doubt, gone] = [live("pid-alive", "a"), unknown("pid-unseen", "b"), provenDead("pid-gone", "c")];
  const nothing = notApplicable("d");
  expect(strongest([nothing, gone, doubt, alive])).toBe(alive);
  expect(strongest([doubt, gone, nothing])).toBe(doubt);
  expect(strongest([nothing, gone, deadByAbsence("holder-gone", "e")])).toBe(gone);
  expect(strongest([gone, provenDead("pid-reused", "f")])).toBe(gone);
  expect(strongest([alive, live("attached-cli", "g")])).toBe(alive);
});

test("what was not seen says why", () => expect(unseen("too dark")).toEqual({ seen: false, why: "too dark" }));

test("an endpoint is called by its port on the loopback interface, or by its path", () => {
  expect(endpointName({ kind: "tcp", port: 8788 })).toBe("127.0.0.1:8788");
  expect(endpointName({ kind: "unix", path: "/run/s" })).toBe("/run/s");
});
