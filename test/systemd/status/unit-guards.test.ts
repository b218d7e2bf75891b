import { describe, expect, test } from "vitest";
import type { LastRun } from "../../../src/report/model/last-run.ts";
import { runGuards, type RunFacts } from "../../../src/report/run-guards.ts";
import { unitGuards, type UnitFacts } from "../../../src/systemd/status/unit-guards.ts";
import { watchGuards } from "../../../src/systemd/status/watch-guard.ts";

const nowMs = Date.parse("2026-11-20T15:00:00.000Z");
const minuteMs = 60_000;

const goodTimer = {
  LoadState: "loaded",
  ActiveState: "active",
  SubState: "waiting",
  UnitFileState: "enabled",
  NeedDaemonReload: "no",
  NextElapseUSecRealtime: "Fri 2026-11-20 15:05:12 UTC",
};
const goodService = {
  LoadState: "loaded",
  ActiveState: "inactive",
  Result: "success",
  ConditionResult: "yes",
  NeedDaemonReload: "no",
  ExecMainStartTimestamp: "Fri 2026-11-20 14:55:12 UTC",
};

function check(change: { timer?: object; service?: object; gone?: string; passing?: string }, expected: readonly string[]): void {
  const facts: UnitFacts = {
    command: "systemctl --user",
    names: { timer: "sessreap.timer", service: "sessreap.service", watch: "sessreap-watch.service" },
    timer: { ...goodTimer, ...change.timer },
    service: { ...goodService, ...change.service },
    nowMs,
    periodMs: 5 * minuteMs,
    gone: change.gone,
    passing: change.passing,
  };
  expect(unitGuards(facts).map(({ guard, posture, cause }) => `${guard} ${posture}/${cause}`)).toEqual(expected);
}

const timerOn = "timer on/fine";
const serviceOn = "service on/fine";

describe("what systemctl show says of two units", () => {
  test.each<[string, object, string]>([
    ["waiting for its next run", {}, timerOn],
    ["while its service runs, without a next run", { SubState: "running", NextElapseUSecRealtime: "" }, timerOn],
    ["failed because its service vanished", { ActiveState: "failed", Result: "resources" }, "timer off-runtime-divergent/failing"],
    ["masked", { LoadState: "masked", ActiveState: "inactive" }, "timer off/masked"],
    ["elapsed", { SubState: "elapsed" }, "timer off-runtime-divergent/never-fires"],
    [
      "with a next run at infinity",
      { NextElapseUSecRealtime: "", NextElapseUSecMonotonic: "infinity" },
      "timer off-runtime-divergent/never-fires",
    ],
    ["linked and not enabled", { UnitFileState: "linked" }, "timer on/not-enabled"],
  ])("a timer %s", (_, timer, expected) => {
    check({ timer }, [expected, serviceOn]);
  });

  test.each<[string, object, string]>([
    ["that has not run in this boot", { ExecMainStartTimestamp: "" }, serviceOn],
    ["that has been running for a second", { ActiveState: "activating", ExecMainStartTimestamp: "Fri 2026-11-20 14:59:59 UTC" }, serviceOn],
    [
      "that has been running for two minutes",
      { ActiveState: "activating", ExecMainStartTimestamp: "Fri 2026-11-20 14:58:00 UTC" },
      "service off-runtime-divergent/hung",
    ],
    ["never started, with a condition that nobody asked yet", { ConditionResult: "no", ConditionTimestamp: "" }, serviceOn],
    ["that another sweep turned away (75)", { Result: "success", ExecMainStatus: "75" }, serviceOn],
    ["that doubts its own eyes (4)", { Result: "exit-code", ExecMainStatus: "4" }, "service blind/failing"],
    ["whose user is gone (217)", { Result: "exit-code", ExecMainStatus: "217" }, "service off-runtime-divergent/sandbox"],
    ["whose paths are gone (226)", { Result: "exit-code", ExecMainStatus: "226" }, "service off-runtime-divergent/sandbox"],
    ["ended by a filtered system call", { Result: "core-dump", ExecMainStatus: "31" }, "service off-runtime-divergent/sandbox"],
    ["out of memory", { Result: "oom-kill", ExecMainStatus: "9" }, "service off-runtime-divergent/killed"],
    ["that vanished", { LoadState: "not-found" }, "service off-runtime-divergent/not-installed"],
  ])("a service %s", (_, service, expected) => {
    check({ service }, [timerOn, expected]);
  });

  test("nothing installed is one line", () => {
    check({ timer: { LoadState: "not-found" }, service: { LoadState: "not-found" } }, ["timer off/not-installed"]);
  });

  test("a program that is gone is told before the next run fails", () => {
    check({ gone: "/opt/node" }, [timerOn, "service off-runtime-divergent/binary-gone"]);
  });

  test("a program in the cache of a package runner is told before that is cleaned up", () => {
    check({ passing: "/home/alice/.npm/_npx/0a/node_modules/sessreap/bin/sessreap.cjs" }, [timerOn, serviceOn, "service on/passing-place"]);
  });
});

describe("what systemctl show says of the watch", () => {
  const watching = {
    LoadState: "loaded",
    ActiveState: "active",
    SubState: "running",
    UnitFileState: "enabled",
    Result: "success",
    FragmentPath: "/home/alice/.config/systemd/user/sessreap-watch.service",
    ExecMainStartTimestamp: "Fri 2026-11-20 14:55:12 UTC",
  };
  const ended = { ActiveState: "inactive", SubState: "dead" };
  const again = { ActiveState: "activating", SubState: "auto-restart" };
  const offered = { ...ended, UnitFileState: "disabled", FragmentPath: "/usr/lib/systemd/user/sessreap-watch.service" };
  test.each<[string, object, readonly string[], string?]>([
    ["up", {}, ["on/fine"]],
    ["up, and gone after the next boot", { UnitFileState: "disabled" }, ["on/not-enabled"]],
    ["enabled and stopped", ended, ["off-runtime-divergent/not-started"]],
    ["of one's own, and turned off", { ...ended, UnitFileState: "disabled" }, ["off/disabled"]],
    ["not there", { LoadState: "not-found" }, []],
    ["offered by a package, and not wanted", offered, []],
    ["offered by a package, and started by hand", { ...offered, ActiveState: "active" }, ["on/not-enabled"]],
    ["masked", { ...ended, LoadState: "masked", FragmentPath: "" }, ["off/masked"]],
    ["about to be started again after a stray signal", again, ["on/fine"]],
    ["failing again and again", { ...again, Result: "exit-code", ExecMainStatus: "2" }, ["off-runtime-divergent/failing"]],
    ["killed for its memory", { ...again, Result: "oom-kill", ExecMainStatus: "9" }, ["off-runtime-divergent/killed"]],
    ["whose program is gone", {}, ["off-runtime-divergent/binary-gone"], "/opt/node"],
    ["edited, and not read again", { NeedDaemonReload: "yes" }, ["on/fine", "on/needs-reload"]],
  ])("a watch %s", (_, change, expected, gone) => {
    const facts = { command: "systemctl --user", name: "sessreap-watch.service", watch: { ...watching, ...change }, gone };
    expect(watchGuards(facts).map(({ posture, cause }) => `${posture}/${cause}`)).toEqual(expected);
  });
});

describe("what the record of the sweeps says", () => {
  const ago = (minutes: number): string => new Date(nowMs - minutes * minuteMs).toISOString();
  const run: LastRun = {
    schema: 1,
    version: "1",
    sweepId: null,
    pid: 7,
    startTicks: "70",
    invocationId: null,
    started: ago(1),
    finished: ago(1),
    durationMs: 40,
    ok: true,
    exitCode: 0,
    lastOk: ago(1),
    lastWholeOk: ago(1),
    counts: null,
    reapedTotal: 0,
    posture: "on",
    problems: [],
    registries: [],
    said: [],
  };

  test.each<[string, Partial<RunFacts>, readonly string[]]>([
    ["all is well", {}, ["on/fine"]],
    ["nothing, and a timer is on", { run: undefined }, ["stale/never-succeeded"]],
    ["nothing, and no timer is on", { run: undefined, periodMs: undefined }, ["off/never-succeeded"]],
    ["a success two periods ago", { run: { ...run, lastWholeOk: ago(10) } }, ["on/fine"]],
    ["a success longer ago than that", { run: { ...run, lastWholeOk: ago(10.1) } }, ["stale/last-success-too-old"]],
    ["that only a sweep by hand succeeded lately", { run: { ...run, lastWholeOk: ago(60) } }, ["stale/last-success-too-old"]],
    ["an old success where no timer is on", { run: { ...run, lastOk: ago(600) }, periodMs: undefined }, ["on/fine"]],
    ["a sweep that runs", { run: { ...run, finished: null, ok: null }, isRunning: true }, ["on/fine"]],
    ["a sweep that was killed", { run: { ...run, finished: null, ok: null } }, ["on/fine", "on/interrupted"]],
    ["a sweep that failed", { run: { ...run, ok: false, exitCode: 3 } }, ["on/fine", "blind/failing"]],
  ])("%s", (_, change, expected) => {
    const guards = runGuards({ run, isRunning: false, nowMs, periodMs: 5 * minuteMs, ...change });
    expect(guards.map(({ posture, cause }) => `${posture}/${cause}`)).toEqual(expected);
  });
});
