import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const script = join(import.meta.dirname, "../../tools/race/race.mjs");
const hasStrace = spawnSync("strace", ["-V"]).status === 0;
const hasPerl = spawnSync("perl", ["-e", "1"]).status === 0;
if (!hasStrace) console.warn("strace is not here: the race is run without a delay imposed from outside");

const writes = process.env["SESSREAP_RACE_WRITES"] ?? "300";

function race(...args: readonly string[]): { readonly status: number | null; readonly rows: readonly string[] } {
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, rows: stdout.trim().split("\n") };
}

test.runIf(hasPerl)(
  "no update is lost to a sweep, and once the writer is quiet no ghost and no leftover is left",
  { timeout: 600_000 },
  () => {
    const { status, rows } = race("--writes", writes, "--methods", "ours");
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatch(/ lost 0 .* ghosts 0 {2}leftovers 0 .*"replaced"/);
    expect(status).toBe(0);
  },
);

test.runIf(hasPerl)("beside a process that reads the registry all the time no update is lost, and ghosts go", { timeout: 600_000 }, () => {
  const { status, rows } = race("--writes", writes, "--methods", "ours", "--reader");
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row).toMatch(/ lost 0 .* ghosts 0 {2}leftovers 0 .*"replaced"/);
  expect(status).toBe(0);
});

test.runIf(hasPerl)("no update is lost where the helper is killed at random moments", { timeout: 600_000 }, () => {
  const { rows } = race("--writes", writes, "--methods", "ours", "--kill");
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row).toMatch(/ lost 0 .* ghosts 0 .* killed [1-9]/);
});

test.runIf(hasPerl)("the name of a lock is never missing while a program has the lock", { timeout: 600_000 }, () => {
  const takers = join(import.meta.dirname, "../../tools/race/takers.mjs");
  const rounds = process.env["SESSREAP_LOCK_ROUNDS"] ?? "150";
  const { status, stdout } = spawnSync(process.execPath, [takers, "--rounds", rounds, "--methods", "lease"], { encoding: "utf8" });
  expect(stdout).toMatch(/^method lease {2}taken [1-9]\d* {2}missing 0 .*leftovers 0 /);
  expect(status).toBe(0);
});

test.runIf(hasPerl && hasStrace)("held up in every rename, ours loses nothing where compare-then-rename does", { timeout: 120_000 }, () => {
  const { rows } = race(
    "--writes",
    "40",
    "--burst",
    "1",
    "--pause",
    "40",
    "--delay",
    "150",
    "--kinds",
    "in-place",
    "--methods",
    "compare,ours",
  );
  expect(rows[0], "the bench must be able to see a loss").toMatch(/^method compare .* lost [1-9]/);
  expect(rows[1]).toMatch(/^method ours .* lost 0 .* ghosts 0 {2}leftovers 0/);
});
