import { execa } from "execa";
import { expect, test } from "vitest";

/** So many texts a target; a night may ask for more. */
const executions = process.env["SESSREAP_TEST_FUZZ"] ?? "600";

test("bent registries, entry files, names and state break no law", async () => {
  const { all, exitCode } = await execa("node", ["tools/fuzz.mjs", "--executions", executions, "--seed", "20261121"], {
    reject: false,
    all: true,
  });
  process.stderr.write(`\n${all}\n`);
  expect(exitCode).toBe(0);
  expect(all.match(/^\w+: \d+ executions in .* [1-9]\d* texts kept/gm)).toHaveLength(5);
});
