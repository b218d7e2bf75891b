import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { toolWords } from "../harness.ts";
import { hasPostgres } from "./server.ts";

const isTried = hasPostgres("sweeps beside writers of a table on a server") && toolWords.length === 2;

test.skipIf(!isTried)("no row is released that a writer had changed, none twice, and none of another machine", { timeout: 300_000 }, () => {
  const { stdout, status } = spawnSync(process.execPath, ["tools/race/servers.mjs", "--released", "300"], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ wrong: 0, foreign: 0, failed: 0 });
  expect(status).toBe(0);
});
