import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { jsonLines } from "../../../src/registries/declared/json-lines.ts";
import { readTombstones } from "../../../src/host/state/tombstones.ts";
import { gonePid, idle, launch } from "../../processes.ts";
import { newScene, sweepOnce } from "../scene.ts";

/** So many sessions register themselves during the sweeps; more of them take longer and find rarer moments. */
const rounds = Number(process.env["SESSREAP_TEST_RACES"] ?? "150");

/** Sweeps a file for as long as sessions append to it; returns how many sweeps cut something out meanwhile. */
async function race(): Promise<number> {
  const { directory, target, host } = await newScene();
  const path = join(directory, "sessions.jsonl");
  const [gone, running] = [await gonePid(), await idle()];
  const format = jsonLines({ entries: "", pattern: "", fields: { sessionId: "id", pid: "pid" }, about: "process" });
  const lines = { ...target, path, format };
  writeFileSync(path, "");
  const appender = launch(process.execPath, [
    join(import.meta.dirname, "../race/appender.mjs"),
    path,
    ...[rounds, gone.pid, running.pid].map(String),
  ]);
  let swaps = 0;
  while (appender.exitCode === null) {
    const { entries } = await sweepOnce(host, lines, { policy: { ...defaultPolicy, graceMs: 0 } });
    if (entries.some(({ action }) => action === "reaped")) swaps += 1;
  }
  await sweepOnce(host, lines, { policy: { ...defaultPolicy, graceMs: 0 } });
  const expected = Array.from({ length: rounds }, (_, round) =>
    JSON.stringify({ id: `session-${running.pid}-${round}`, pid: running.pid }),
  );
  expect(readFileSync(path, "utf8")).toBe(expected.map((line) => `${line}\n`).join(""));
  expect(readTombstones(join(directory, "state"))).toHaveLength(rounds);
  expect(readdirSync(directory).filter((name) => name.includes(".sessreap-"))).toEqual([]);
  return swaps;
}

test("no line that a session appends to a file while ghosts are cut out of it is lost, torn or written twice", async () => {
  // On a busy machine a race may be over before its first sweep is.
  let swaps = 0;
  for (let run = 0; run < 10 && swaps === 0; run += 1) swaps = await race();
  expect(swaps).toBeGreaterThan(0);
}, 600_000);
