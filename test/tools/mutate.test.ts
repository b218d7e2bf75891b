import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const script = join(import.meta.dirname, "../../tools/mutation/mutate.mjs");

test("every mutant that is explained as unkillable is one that the code still has", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(`${stdout}${stderr}`).toBe("every explained survivor is a mutant\n");
  expect(status).toBe(0);
});
