import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { idle, stop, until } from "../../processes.ts";
import { takeRunLock } from "../../../src/host/state/run-lock.ts";
import type { LastRun } from "../../../src/report/model/last-run.ts";
import { configure, daysAgo, declareRegistry, newScratch, sessreap, startSessreap, writeOld } from "../harness.ts";

test("a session ends while sessreap watches: its entry goes at once, the other's stays, and a signal ends the watch", async () => {
  const scratch = newScratch();
  const [first, second] = [await idle(), await idle()];
  const entry = ({ pid, startTicks }: typeof first) => ({ pid, start: startTicks, since: daysAgo(1) });
  const path = declareRegistry(scratch);
  writeOld(path, JSON.stringify({ first: entry(first), second: entry(second) }));
  const watcher = startSessreap(scratch, ["watch"]);
  let [said, beside] = ["", ""];
  watcher.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  watcher.stderr?.on("data", (chunk: Buffer) => (beside += chunk.toString("utf8")));
  const keys = (): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);
  // The first sweep has left its memory once it is over: only then is a holder known that can leave.
  await until("the first sweep is over", () => readable(`${scratch.stateDir}/memory.json`));
  expect(keys()).toEqual(["first", "second"]);
  await stop(first);
  await untilSeldom("the entry is gone", () => keys().length === 1);
  expect(keys()).toEqual(["second"]);
  const ended = once(watcher, "exit");
  watcher.kill("SIGTERM");
  expect(await ended).toEqual([143, null]);
  expect(said).toMatch(/^\d\d:\d\d - first +24h +reaped +process gone {2}\(.+\)\n$/);
  const [start, end, undo] = beside.split("\n");
  expect(start).toMatch(/^\d\d:\d\d watching 2 processes in 1 registry .*, and 0 app servers \(2 registrations\)\.$/);
  expect(end).toMatch(/^\d\d:\d\d watched for \d+s: 1 reaped, nothing failed$/);
  const [, line = ""] = /^undo {4}sessreap (restore --sweep .+)$/.exec(undo ?? "") ?? [];
  expect(await sessreap(scratch, line.split(" "))).toMatchObject({ code: 0 });
  expect(keys()).toEqual(["first", "second"]);
});

test("of one registration it says one", async () => {
  const scratch = newScratch();
  const holder = await idle();
  writeOld(declareRegistry(scratch), JSON.stringify({ held: { pid: holder.pid, start: holder.startTicks, since: daysAgo(1) } }));
  const watcher = startSessreap(scratch, ["watch"]);
  let beside = "";
  watcher.stderr?.on("data", (chunk: Buffer) => (beside += chunk.toString("utf8")));
  await until("it says what it watches", () => beside.includes("\n"));
  expect(beside).toMatch(/watching 1 process in 1 registry .*\(1 registration\)\.\n$/);
  watcher.kill("SIGTERM");
  await once(watcher, "exit");
});

test("another sweep is at it when the watch begins: it watches all the same, and keeps a record as every sweep does", async () => {
  const scratch = newScratch();
  const holder = await idle();
  const path = declareRegistry(scratch);
  writeOld(path, JSON.stringify({ held: { pid: holder.pid, start: holder.startTicks, since: daysAgo(1) } }));
  const lock = await takeRunLock(scratch.stateDir);
  if (lock === undefined) throw new Error("the run lock of a new directory is taken");
  const metrics = `${scratch.dir}/sessreap.prom`;
  const config = `${scratch.home}/.config/sessreap/config.json`;
  configure(scratch, { ...(JSON.parse(readFileSync(config, "utf8")) as object), metricsFile: metrics });
  const watcher = startSessreap(scratch, ["watch"]);
  await new Promise((resolve) => void setTimeout(resolve, 500));
  expect(watcher.exitCode).toBe(null);
  lock.release();
  await until("the first sweep is recorded", () => readable(metrics));
  const run = JSON.parse(readFileSync(`${scratch.stateDir}/last-run.json`, "utf8")) as LastRun;
  expect(run).toMatchObject({ pid: watcher.pid, ok: true, counts: { live: 1, ghost: 0 }, reapedTotal: 0, posture: "on" });
  expect(readFileSync(metrics, "utf8")).toContain("sessreap_last_run_success");
});

test("a signal comes while a sweep reads a torn registry: it ends as the signal says, and nothing was reaped", async () => {
  const scratch = newScratch();
  const [torn, whole] = [declareRegistry(scratch), `${scratch.dir}/other.json`];
  writeFileSync(torn, '{"half": {"pid":');
  writeOld(whole, JSON.stringify({ gone: { threadId: "019d7b2f-5ede-7c71-b2fd-bfff53df6cde", registeredAt: daysAgo(30) } }));
  const before = readFileSync(whole);
  const child = startSessreap(scratch, ["--registry", whole, "--registry", `keyed-json:${torn}`]);
  // The sweep listens for signals before it makes its state directory, and a torn registry is read again for a while.
  await until("the sweep has begun", () => existsSync(scratch.stateDir));
  const ended = once(child, "exit");
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(readFileSync(whole)).toEqual(before);
});

/** Looks seldom: whoever has a registry open keeps it from being swapped. */
async function untilSeldom(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    if (holds()) return;
    await new Promise((resolve) => void setTimeout(resolve, 500));
  }
  throw new Error(`waited in vain until ${what}`);
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}
