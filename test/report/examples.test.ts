import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { metricsText } from "../../src/report/metrics.ts";
import { finishedRun, startedRun } from "../../src/report/last-run.ts";
import { sweepGuards } from "../../src/report/sweep-guards.ts";
import { entry, path, report } from "./reports.ts";

const swept = report({ entries: [entry()] });
const begun = startedRun(undefined, { version: "1", pid: 1, startTicks: null, invocationId: null, started: "2026-11-20T15:00:00.000Z" });
const run = finishedRun(begun, swept, sweepGuards(swept, new Set([path])), {
  finished: "2026-11-20T15:00:01.000Z",
  whole: true,
  partial: false,
  states: [],
  periodic: false,
});
const written = new Set([...metricsText(run).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));

test.each(["examples/alerts.yml", "examples/grafana-panel.json"])("%s asks only for metrics that are written", (file) => {
  const asked = [...readFileSync(file, "utf8").matchAll(/\bsessreap_\w+/g)].map(([name]) => name);
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.filter((name) => !written.has(name))).toEqual([]);
});

test("the panel is JSON", () => {
  expect(JSON.parse(readFileSync("examples/grafana-panel.json", "utf8"))).toMatchObject({ type: "timeseries" });
});
