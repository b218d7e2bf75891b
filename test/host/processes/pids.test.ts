import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { pidExists } from "../../../src/host/processes/pids.ts";

test("a process of any user is there, and has gone once it has ended", () => {
  const { pid } = spawnSync("true");
  expect([process.pid, process.ppid, 1].map(pidExists)).toEqual([true, true, true]);
  expect([pid, 4_194_305, 2 ** 31 - 1].map(pidExists)).toEqual([false, false, false]);
});

test("what is no process id is refused, not cut down to one", () => {
  for (const no of [2 ** 32 + process.pid, process.pid + 0.5, Number.NaN]) expect(() => pidExists(no)).toThrow(TypeError);
});

test("to ask for one leaves the stacks of all other errors as they were", () => {
  const { stackTraceLimit } = Error;
  const { pid } = spawnSync("true");
  for (const one of [process.pid, pid]) pidExists(one);
  expect(() => pidExists(Number.NaN)).toThrow(TypeError);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  expect(new Error("any").stack).toContain("pids.test");
});
