import { expect, test } from "vitest";
import { faultedRun, finishedRun, startedRun } from "../../src/report/last-run.ts";
import type { LastRun } from "../../src/report/model/last-run.ts";
import { metricsText } from "../../src/report/metrics.ts";
import type { SweepReport } from "../../src/report/model/sweep.ts";
import { sweepGuards } from "../../src/report/sweep-guards.ts";
import { entry, ghost, path, registry, report } from "./reports.ts";

const who = { version: "1.2.3", pid: 7, startTicks: "70", invocationId: null };

function sweptAt(minute: number, before: LastRun | undefined, swept: SweepReport, whole = true): LastRun {
  const run = startedRun(before, { ...who, started: `2026-11-20T15:0${minute}:00.000Z` });
  const finished = `2026-11-20T15:0${minute}:01.000Z`;
  return finishedRun(run, swept, sweepGuards(swept, new Set([path])), { finished, whole, partial: false, states: [], periodic: false });
}

test("what was reaped adds up over the sweeps", () => {
  const first = sweptAt(0, undefined, report({ entries: [ghost(), ghost({ key: "venus" }), entry()] }));
  const second = sweptAt(5, first, report({ entries: [ghost({ key: "pluto" }), entry()] }));
  expect([first.reapedTotal, second.reapedTotal]).toEqual([2, 3]);
  expect(metricsText(second)).toContain("\nsessreap_reaped_total 3\n");
});

test("a sweep that fails keeps the time of the last that did not", () => {
  const good = sweptAt(0, undefined, report());
  const bad = sweptAt(5, good, report({ registries: [registry({ state: "malformed" })], exitCode: 3 }));
  expect(bad).toMatchObject({ ok: false, exitCode: 3, lastOk: good.finished, lastWholeOk: good.finished, posture: "blind" });
  const text = metricsText(bad);
  expect(text).toContain("\nsessreap_last_run_success 0\n");
  expect(text).toContain(`\nsessreap_last_success_timestamp_seconds ${Date.parse("2026-11-20T15:00:01.000Z") / 1000}\n`);
  expect(text).toContain(`\nsessreap_posture{registry="${path}",posture="blind"} 1\n`);
  expect(text).toContain(`\nsessreap_posture{registry="${path}",posture="on"} 0\n`);
});

test("a fault keeps what was known of the registries", () => {
  const good = sweptAt(0, undefined, report({ entries: [entry()] }));
  const run = startedRun(good, { ...who, started: "2026-11-20T15:05:00.000Z" });
  expect(faultedRun(run, "no space left", 1, "2026-11-20T15:05:01.000Z")).toMatchObject({ ok: false, registries: good.registries });
});

test("a sweep of registries named by hand does not say that the guard works", () => {
  const good = sweptAt(0, undefined, report());
  const byHand = sweptAt(5, good, report(), false);
  expect(byHand).toMatchObject({ lastOk: byHand.finished, lastWholeOk: good.finished });
});

test("a sweep that was killed is one that never finished", () => {
  const run = startedRun(sweptAt(0, undefined, report()), { ...who, started: "2026-11-20T15:05:00.000Z" });
  expect(run).toMatchObject({ finished: null, ok: null, lastOk: "2026-11-20T15:00:01.000Z" });
});

test("every line is a comment or a sample, and a path cannot break out of its label", () => {
  const awkward = '/srv/"a\\b\nc';
  const swept = report({ registries: [registry({ path: awkward })], entries: [entry({ registry: awkward })] });
  const lines = metricsText(sweptAt(0, undefined, swept))
    .trimEnd()
    .split("\n");
  const strange = lines.filter((line) => !/^(?:# (?:HELP|TYPE) |[a-z_]+(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? [\d.]+$)/.test(line));
  expect(strange).toEqual([]);
  expect(lines).toContain('sessreap_registrations{registry="/srv/\\"a\\\\b\\nc",format="llmmsg-bridge",verdict="live"} 1');
});
