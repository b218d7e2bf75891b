import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeRunLock } from "../../src/host/run-lock.ts";
import { leaveOut } from "../cli/harness.ts";

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-lock-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const isLinux = process.platform === "linux";
if (!isLinux) leaveOut("the address of the run lock", "only Linux has abstract sockets");

// Measured: Node 20.20 and 24.21 could hold the same shorter name at once.
test.runIf(isLinux)("the lock's name fills its whole address, so that every Node means the same one", async () => {
  const names = () => new Set(readFileSync("/proc/net/unix", "latin1").match(/(?<=@)sessreap-\d+-\d+-\d+-.*$/gm));
  const before = names();
  const lock = await takeRunLock(stateDirectory());
  const added = [...names()].filter((name) => !before.has(name));
  lock?.release();
  expect(added).toEqual([expect.stringMatching(/^sessreap-\d+-\d+-\d+-+$/)]);
  // Beside the zero byte in front.
  expect(added[0]).toHaveLength(107);
});
