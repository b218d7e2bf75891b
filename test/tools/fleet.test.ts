import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { hasPostgres } from "../cli/servers/server.ts";

const isTried = hasPostgres("many machines and one table on a server");

type Found = { readonly what: string; readonly sweeps?: number; readonly rows?: number; readonly wrong?: number };

test.skipIf(!isTried)("rows of silent machines go, all of them, and none of a machine that sweeps", { timeout: 300_000 }, () => {
  const words = ["tools/fleet.mjs", "--machines", "20", "--sessions", "10", "--history", "100", "--silent", "5"];
  const { stdout, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
  const found = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Found);
  expect(found.find(({ what }) => what === "second sweep of all")?.sweeps).toBe(20);
  // Each of the five had ten, of which two sweeps of its own released four each.
  expect(found.find(({ what }) => what === "sweeps that release their rows")?.rows).toBe(10);
  expect(found.at(-1)?.wrong).toBe(0);
  expect(status).toBe(0);
});
