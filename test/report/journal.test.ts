import { expect, test } from "vitest";
import { worstPosture } from "../../src/report/guards.ts";
import { journalEvents, journalLines, statesOf } from "../../src/report/journal.ts";
import type { SweepReport } from "../../src/report/model/sweep.ts";
import { sweepGuards } from "../../src/report/sweep-guards.ts";
import { entry, ghost, path, registry, report } from "./reports.ts";

/** What each of a row of sweeps says to the journal. */
function said(...sweeps: readonly SweepReport[]): readonly (readonly string[])[] {
  let before: Parameters<typeof journalLines>[1];
  return sweeps.map((swept) => {
    const guards = sweepGuards(swept, new Set([path]));
    const events = journalEvents(swept, guards);
    const lines = journalLines(events, before, worstPosture(guards));
    before = { said: statesOf(events), posture: worstPosture(guards) };
    return lines;
  });
}

test("a sweep with nothing to say says nothing", () => {
  expect(said(report({ entries: [entry()] }), report())).toEqual([[], []]);
});

test("each ghost that went is one line, with the reason", () => {
  const swept = report({ entries: [ghost(), ghost({ key: "venus" }), entry()] });
  expect(said(swept)).toEqual([
    [`<5>reaped mars of ${path}: pid-gone: pid 7 is gone`, `<5>reaped venus of ${path}: pid-gone: pid 7 is gone`],
  ]);
});

test("a ghost that waits is said once, and again when it has been gone in between", () => {
  const waits = report({ entries: [ghost({ action: "withheld" })] });
  expect(said(waits, waits, report(), waits).map(({ length }) => length)).toEqual([1, 0, 0, 1]);
});

test("what makes a run fail is said in every run, and the way back once", () => {
  const fails = report({ registries: [registry({ state: "unreadable", problem: "cannot be read: permission denied" })], exitCode: 1 });
  const [first, second, third, fourth] = said(fails, fails, report(), report());
  expect(first).toEqual([`<3>registry ${path} is blind: registry-unreadable: it cannot be read: permission denied`]);
  expect(second).toEqual(first);
  expect(third).toEqual(["<5>posture is on, was blind"]);
  expect(fourth).toEqual([]);
});

test("a registry that stays blind without failing is said once", () => {
  const blind = report({ entries: [entry({ verdict: "undecided", reason: "app-server-unreachable", detail: "timeout" })] });
  const [first, second] = said(blind, blind);
  expect(first?.[0]).toMatch(/^<4>registry .* is blind: app-server-unreachable: 1 kept by doubt: timeout$/);
  expect(second).toEqual([]);
});

test("a key with a newline stays one line", () => {
  const [lines] = said(report({ entries: [ghost({ key: "a\nb\u001b[2J" })] }));
  expect(lines).toHaveLength(1);
  expect(lines?.[0]).not.toMatch(/[\n\u001b]/);
});

test("of very many entries the first are told, and how many more there were", () => {
  const many = Array.from({ length: 1500 }, (_, index) => ghost({ key: `ghost ${index}` }));
  const [lines] = said(report({ entries: many }));
  expect(lines).toHaveLength(1001);
  expect(lines?.at(-1)).toBe("<5>and 500 more entries, which are not told here one by one");
});
