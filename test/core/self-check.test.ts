import { describe, expect, test } from "vitest";
import { refusal, startTokensMismatch } from "../../src/core/self-check.ts";
import { defaultPolicy } from "../../src/core/policy.ts";

const good = { pid: 4000, ownPidSeen: { ok: true }, impossiblePidSeen: false } as const;

describe("a sweep", () => {
  test("that sees itself and no impossible pid believes its eyes", () => {
    expect(refusal(good, defaultPolicy)).toBeUndefined();
  });

  test("that cannot see itself refuses", () => {
    expect(refusal({ ...good, ownPidSeen: { ok: false, why: "no /proc" } }, defaultPolicy)).toContain("no /proc");
  });

  test("that sees a pid which cannot exist refuses", () => {
    expect(refusal({ ...good, impossiblePidSeen: true }, defaultPolicy)).toBeDefined();
  });

  test("that is pid 1 refuses, unless the namespace is declared its own", () => {
    expect(refusal({ ...good, pid: 1 }, defaultPolicy)).toBeDefined();
    expect(refusal({ ...good, pid: 1 }, { ...defaultPolicy, ownPidNamespace: true })).toBeUndefined();
  });

  test("that cannot see itself refuses in a namespace of its own, too", () => {
    expect(refusal({ ...good, pid: 1, ownPidSeen: { ok: false, why: "" } }, { ...defaultPolicy, ownPidNamespace: true })).toBeDefined();
  });
});

const differs = { matches: false, nameFits: true } as const;
const reused = { matches: false, nameFits: false } as const;
const fits = { matches: true, nameFits: true } as const;

test.each([
  ["two that differ are two reused pids", [differs, differs], false],
  ["three that differ, of processes that can be the holders, are a drift", [differs, differs, differs], true],
  ["three that differ and one that matches are no drift", [differs, differs, differs, fits], false],
  ["any number of reused pids is no drift", [reused, reused, reused, reused], false],
  ["two that differ and two reused pids are no drift", [differs, differs, reused, reused], false],
  ["no token at all is no drift", [], false],
])("of a registry's start tokens, %s", (_, checks, expected) => {
  expect(startTokensMismatch(checks)).toBe(expected);
});
