import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** The share of its full size that each registry has; 1 takes gigabytes and minutes. */
const size = process.env["SESSREAP_HUGE_SIZE"] ?? "0.004";

test("a huge registry is swept in bounded memory, or refused by the limit's name, and loses nothing", { timeout: 3_600_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["tools/huge.mjs", "--size", size], { cwd: root, encoding: "utf8" });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout.match(/as it should be$/gm)).toHaveLength(8);
});
