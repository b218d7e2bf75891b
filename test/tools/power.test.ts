import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const canTrace = spawnSync("strace", ["-f", "-qq", "-o", "/dev/null", "true"]).status === 0;
if (!canTrace) console.warn("strace is not here: the power is never cut in these tests");

/** Each so many of the states that a disk may be in; 1 for all of them. */
const every = process.env["SESSREAP_POWER_EVERY"] ?? "30";

function power(...args: readonly string[]) {
  return spawnSync(process.execPath, ["tools/power/power.mjs", ...args], { cwd: root, encoding: "utf8" });
}

test.runIf(canTrace)(
  "wherever the power is cut, a registry is old or new, no entry is lost, and the next sweep finishes",
  { timeout: 3_600_000 },
  () => {
    const { status, stdout, stderr } = power("--every", every);
    process.stderr.write(`\n${stdout}`);
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(
      stdout.match(/^.*: \d+ changes, \d+ states, [1-9]\d* tried: [1-9]\d* with it, [1-9]\d* without, 0 bad$/gm)?.length,
    ).toBeGreaterThan(8);
    expect(stdout).toMatch(/^one member of a busy registry: .* [1-9]\d* with it, 0 without, 0 bad$/m);
  },
);

test.runIf(canTrace)("on a disk that ignores every fsync the same checks find what is lost", { timeout: 600_000 }, () => {
  const { status, stdout } = power("--forgetful", "--every", "40", "--scene", "under a lease");
  expect(status).toBe(1);
  expect(stdout).toMatch(/neither old nor new|neither there nor in a tombstone/);
});
