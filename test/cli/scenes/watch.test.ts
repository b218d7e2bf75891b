import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { idle, start, stop, until, type Running } from "../../processes.ts";
import { by, daysAgo, declareRegistry, newScratch, sessreap, startSessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const keysIn = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);
const row = ({ pid, startTicks }: Running, days = 0) => ({ pid, start: startTicks, since: daysAgo(days) });

async function watching(scratch: Scratch) {
  const child = startSessreap(scratch, ["watch"]);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  await until("it watches", () => said.includes("watching "));
  return { child, said: () => said };
}

/** Looks seldom: a program that has a registry open keeps it from being swapped. */
async function leaves(path: string, key: string, forMs: number): Promise<boolean> {
  for (let waited = 0; waited < forMs; waited += 200) {
    if (!keysIn(path).includes(key)) return true;
    await pause(200);
  }
  return false;
}

test("a holder that registered a moment ago ends: its row goes without grace; one whose child lives on keeps it", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { about: "session" });
  const parents: Running[] = [];
  for (let count = 0; count < 5; count += 1) parents.push(await start("/bin/sh", ["-c", "sleep 300 & read never"]));
  const rows: Record<string, unknown> = { parent: row(parents[0] as Running) };
  writeOld(path, JSON.stringify(rows), 0);
  await watching(scratch);
  let went = false;
  // What other tests start in the same second may be what the holder left, as far as a watch can tell: then the next one is tried.
  for (let attempt = 0; attempt < 6 && !went; attempt += 1) {
    const young = await idle();
    const key = `young-${attempt}`;
    rows[key] = row(young);
    writeOld(path, JSON.stringify(rows), 0);
    await pause(2_500);
    await stop(young);
    went = await leaves(path, key, 4_000);
    if (went) delete rows[key];
  }
  expect(went).toBe(true);
  await stop(parents[0] as Running);
  expect(await leaves(path, "parent", 3_000)).toBe(false);
});

test("two watches and a sweep beside them, one watch is killed as a holder ends: nothing is lost, and nothing is stuck", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch, { about: "session" });
  const [first, second, live] = [await idle(), await idle(), await idle()];
  writeOld(path, JSON.stringify({ first: row(first, 1), second: row(second, 1), live: row(live, 1) }));
  const [one, other] = [await watching(scratch), await watching(scratch)];
  await stop(first);
  one.child.kill("SIGKILL");
  await once(one.child, "exit");
  expect(await leaves(path, "first", 20_000)).toBe(true);
  await stop(second);
  // A watch may be sweeping at this very moment: then it is turned away.
  expect([0, 75]).toContain((await sessreap(scratch, [])).code);
  expect(await leaves(path, "second", 20_000)).toBe(true);
  const ended = once(other.child, "exit");
  other.child.kill("SIGTERM");
  expect(await ended).toEqual([143, null]);
  expect(other.said()).toMatch(/^\d\d:\d\d watched for \d+s: \d reaped, nothing failed$/m);
  expect(keysIn(path)).toEqual(["live"]);
  expect(by(await sweepReport(scratch, []), "verdict")).toEqual({ live: "live" });
});
