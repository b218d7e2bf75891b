import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { olderLockAddress, takeRunLock } from "../../../src/host/state/run-lock.ts";
import { leaveOut } from "../../cli/harness.ts";
import { scratchDirectory } from "../scratch.ts";

const isLinux = process.platform === "linux";
if (!isLinux) leaveOut("the address of the run lock", "only Linux has abstract sockets");

// Measured: Node 20.20 and 24.21 could hold the same shorter name at once.
test.runIf(isLinux)("the lock's name fills its whole address, so that every Node means the same one", async () => {
  const stateDir = scratchDirectory();
  const lock = await takeRunLock(stateDir);
  const address = olderLockAddress(stateDir);
  const bound = readFileSync("/proc/net/unix", "latin1").split("\n");
  lock?.release();
  expect(Buffer.byteLength(address)).toBe(108);
  expect(bound.filter((row) => row.endsWith(` @${address.slice(1)}`))).toHaveLength(1);
});
