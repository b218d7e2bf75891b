import { execa } from "execa";
import { expect, test } from "vitest";

test("every chosen mutation still applies to the source", async () => {
  const { stdout, exitCode } = await execa("node", ["scripts/mutate.mjs", "--check"], { reject: false, all: true });
  expect(stdout).toMatch(/^\d{2,} mutations apply$/);
  expect(exitCode).toBe(0);
});
