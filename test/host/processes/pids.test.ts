import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { isThere } from "../../../src/host/processes/pids.ts";

const asNodeSays = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};

test("whoever runs, whosever it is, is there, and whoever has ended is not", () => {
  const { pid } = spawnSync("true");
  const pids = [process.pid, process.ppid, 1, pid, 4_194_305, 2 ** 31 - 1, ...Array.from({ length: 3000 }, (_, index) => index + 2)];
  // Other tests start and end processes meanwhile.
  const asked = pids.map((one) => ({ one, before: asNodeSays(one), own: isThere(one), after: asNodeSays(one) }));
  expect(asked.filter(({ before, own, after }) => before === after && own !== before)).toEqual([]);
  expect([isThere(process.pid), isThere(1), isThere(pid), isThere(4_194_305)]).toEqual([true, true, false, false]);
});

test("what is no process id is refused, not cut down to one", () => {
  for (const no of [2 ** 32 + process.pid, process.pid + 0.5, Number.NaN]) expect(() => isThere(no)).toThrow(TypeError);
});
