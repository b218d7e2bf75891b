import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** How many launches, and as many dead sessions; the whole proof has 300. */
const count = process.env["SESSREAP_LAUNCHES"] ?? "100";

test("no launch of an agent is condemned, four in five are known, and ids left in readers keep nothing", { timeout: 600_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/launches/launches.mjs", "--count", count], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toMatch(new RegExp(`^seed \\d+, ${count} launches: [1-9]\\d* live, \\d+ doubted, 0 condemned$`, "m"));
  expect(stdout).toMatch(new RegExp(`^after their end: ${count} reaped$`, "m"));
  expect(stdout).toMatch(new RegExp(`^dead, carried by readers: ${count}, ${count} reaped$`, "m"));
  expect(stdout).toMatch(/^dead, carried by editors and left-behind children: ([1-9]\d*) doubts that name them, \1 reaped after them$/m);
});
