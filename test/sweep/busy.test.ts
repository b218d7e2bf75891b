import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Host } from "../../src/host/host.ts";
import type { Busy } from "../../src/host/locks/process-look.ts";
import { sweepGuards } from "../../src/report/sweep-guards.ts";
import type { SweepOptions } from "../../src/sweep/sweep.ts";
import { agentsOf, claudesOf } from "./contract/stage.ts";
import { simulatedStage } from "./contract/stages.ts";
import { outcomesOf, sweepWith, withGhosts } from "./described.ts";

const minuteMs = 60_000;

const usedBy = (pid: number | undefined): Busy => ({ pid, name: "bridge", why: `pid ${pid} (bridge) has it open for writing` });

/** A host on which a process uses a registry's file. */
function held(pid: number | undefined): Partial<Host> {
  return {
    replaceJudged: () => Promise.resolve({ kind: "busy", by: usedBy(pid) }),
    startOfPid: (asked) => (asked === pid ? "77" : undefined),
    usesFile: (user) => user.pid === pid,
  };
}

test("a ghost of a registry that a process uses is busy, keeps no tombstone, and the process is named", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const report = await sweepWith(stage, [agentsOf(stage)], held(7));
  const note = "pid 7 (bridge) has it open for writing";
  expect(outcomesOf(report)).toEqual([`a busy; ${note}`, `b busy; ${note}`, "live kept"]);
  expect(report.entries[0]?.usedBy).toEqual({ pid: 7, name: "bridge" });
  expect(report.registries).toMatchObject([{ state: "busy", problem: note, busyForMs: 0 }]);
  expect(report.summary).toMatchObject({ ghost: 2, busy: 2, reaped: 0, skipped: 0 });
  expect(report.exitCode).toBe(0);
  expect(stage.tombstones()).toEqual([]);
  expect(stage.read(path)).toContain("id-b");
});

test("a process that has a registry open since a sweep first tried counts as its owner, until it lets go", async () => {
  const { stage } = await withGhosts(["a"]);
  await sweepWith(stage, [agentsOf(stage)], held(7));
  stage.later(5 * minuteMs);
  const second = await sweepWith(stage, [agentsOf(stage)], held(7));
  expect(outcomesOf(second)).toEqual(["a withheld", "live kept"]);
  expect(second.registries).toMatchObject([
    { state: "report-only", owner: { up: true, pids: [7] }, problem: expect.stringContaining("pid 7") },
  ]);
  stage.later(3 * 60 * minuteMs);
  const third = await sweepWith(stage, [agentsOf(stage)], held(7));
  expect([outcomesOf(third)[0], third.exitCode]).toEqual(["a withheld", 0]);
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)]))).toEqual(["a reaped", "live kept"]);
});

test("a process that came after a sweep could change the registry is no owner: for over an hour, it is said", async () => {
  const { stage, gone } = await withGhosts(["a"]);
  const target = agentsOf(stage);
  expect(outcomesOf(await sweepWith(stage, [target]))).toEqual(["a reaped", "live kept"]);
  const row = { pid: gone.pid, start: gone.startTicks, id: "id-b", since: "2026-01-01T00:00:00Z" };
  stage.writeOld(target.path, JSON.stringify({ agents: { b: row } }));
  for (const [minutes, exitCode] of [
    [0, 0],
    [30, 0],
    [31, 3],
  ] as const) {
    stage.later(minutes * minuteMs);
    const report = await sweepWith(stage, [target], held(7));
    expect([outcomesOf(report)[0]?.split(";")[0], report.exitCode], `${minutes} minutes later`).toEqual(["b busy", exitCode]);
  }
  const looked = await sweepWith(stage, [target], {}, { dryRun: true });
  expect(looked.exitCode).toBe(3);
  const [, guard] = sweepGuards(looked, new Set());
  expect(guard).toMatchObject({ posture: "blind", cause: "registry-busy", detail: expect.stringContaining("1h") });
  expect(outcomesOf(await sweepWith(stage, [target]))).toEqual(["b reaped"]);
  expect((await sweepWith(stage, [target])).exitCode).toBe(0);
});

test("a process that cannot be named is never an owner, and another one than before is none", async () => {
  const { stage } = await withGhosts(["a"]);
  await sweepWith(stage, [agentsOf(stage)], held(undefined));
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], held(undefined)))[0]).toContain("a busy");
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], held(7)))[0]).toContain("a busy");
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], held(7)))[0]).toContain("a busy");
});

test("an entry's own file that is busy for over an hour is said, by the one that has been so for longest", async () => {
  const stage = simulatedStage();
  const target = claudesOf(stage);
  const gone = await stage.gone();
  const name = `${target.path}/${gone.pid}.json`;
  stage.writeOld(name, JSON.stringify({ pid: gone.pid, sessionId: "5e2b1c1e-8a4e-4c61-9f0c-0c1d2e3f4a5b", procStart: gone.startTicks }));
  const busy: Partial<Host> = {
    captureEntries: (_, judged) => judged.map(() => ({ kind: "busy", by: usedBy(7) })),
    startOfPid: () => "77",
  };
  const first = await sweepWith(stage, [target], busy);
  expect([first.summary.busy, first.exitCode]).toEqual([1, 0]);
  stage.later(61 * minuteMs);
  const second = await sweepWith(stage, [target], busy);
  expect([second.summary.busy, second.exitCode]).toEqual([1, 3]);
  expect(second.registries).toMatchObject([{ state: "busy", busyForMs: 61 * minuteMs }]);
});

test("a busy ghost that was not chosen is remembered as it was, by its registry's file or its own", async () => {
  const only = (...keys: readonly string[]): Partial<SweepOptions> => ({
    choice: { only: keys, except: [], olderThanMs: undefined, ghosts: false, home: "/home/dev" },
  });
  const { stage } = await withGhosts(["a", "b"]);
  const sweptFor = async (ms: number, more: Partial<SweepOptions>): Promise<number> => {
    stage.later(ms);
    return (await sweepWith(stage, [agentsOf(stage)], held(undefined), more)).exitCode;
  };
  expect(await sweptFor(0, {})).toBe(0);
  expect(await sweptFor(30 * minuteMs, only("nobody"))).toBe(0);
  expect(await sweptFor(31 * minuteMs, only("a"))).toBe(3);
  const files = simulatedStage();
  const target = claudesOf(files);
  const pids = [(await files.gone()).pid, (await files.gone()).pid] as const;
  for (const pid of pids) files.writeOld(`${target.path}/${pid}.json`, JSON.stringify({ pid, sessionId: randomUUID(), procStart: "1" }));
  const busyFiles: Partial<Host> = { captureEntries: (_, judged) => judged.map(() => ({ kind: "busy", by: usedBy(7) })) };
  await sweepWith(files, [target], busyFiles);
  files.later(61 * minuteMs);
  await sweepWith(files, [target], {}, only(String(pids[0])));
  const last = await sweepWith(files, [target], busyFiles);
  expect(last.registries).toMatchObject([{ state: "busy", registrations: 1, busyForMs: 61 * minuteMs }]);
});
