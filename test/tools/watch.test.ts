import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** How soon is measured by hand, for other tests take their time of this machine. */
test("the rows of old holders go while sessreap watches, and no live row does", { timeout: 120_000 }, () => {
  const words = ["tools/watch.mjs", "--trials", "5", "--kinds", "old", "--goal", "20000"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(/^old {4} 5 trials: p50 \d+ ms, p99 \d+ ms, longest \d+ ms, 0 stay, 0 live rows lost$/m);
});

test(
  "registrations come and go as fast as they can be written, and then their holders end: no live row goes, and theirs do",
  { timeout: 120_000 },
  () => {
    const words = ["tools/watch.mjs", "--kinds", "flood", "--registrations", "300", "--goal", "20000"];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toMatch(/^flood {3}20 trials: .* 0 stay, 0 live rows lost; 300 registrations in \d+ s/m);
  },
);
