import { once } from "node:events";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { exitCodes } from "../../../src/report/exit-code.ts";
import { idle, stop, until } from "../../processes.ts";
import { daysAgo, declareRegistry, newScratch, sessreap, startSessreap, type Scratch } from "../harness.ts";

/** How many watches are killed, each a little later after its holder's end than the one before. */
const kills = Number(process.env["SESSREAP_WATCH_KILLS"] ?? "8");

const tombstones = join(import.meta.dirname, "../../../tools/tombstones.mjs");
const { buriedKeys } = (await import(tombstones)) as { readonly buriedKeys: (stateDir: string) => readonly string[] };

type Holder = Awaited<ReturnType<typeof idle>>;

const row = ({ pid, startTicks }: Holder): object => ({ id: `s${pid}`, pid, start: startTicks, since: daysAgo(1) });

function write(path: string, rows: Readonly<Record<string, Holder>>): void {
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(Object.entries(rows).map(([key, holder]) => [key, row(holder)]))));
  renameSync(`${path}.new`, path);
}

const keysIn = (path: string): readonly string[] => Object.keys(JSON.parse(readFileSync(path, "utf8")) as object);

async function watching(scratch: Scratch) {
  const watcher = startSessreap(scratch, ["watch"]);
  let said = "";
  watcher.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  watcher.stdout?.resume();
  await until("it watches", () => said.includes("watching "));
  return watcher;
}

const timeout = 20_000 + kills * 8_000;

test(
  "a watch is killed at any moment: the sweep after it finishes what it began, nothing is lost and nothing is stuck",
  { timeout },
  async () => {
    const scratch = newScratch();
    const path = declareRegistry(scratch);
    const live = await idle();
    for (let nth = 0; nth < kills; nth += 1) {
      const holder = await idle();
      write(path, { live, [`gone-${nth}`]: holder });
      const watcher = await watching(scratch);
      await stop(holder);
      await new Promise((resolve) => void setTimeout(resolve, nth * 25));
      const ended = once(watcher, "exit");
      watcher.kill("SIGKILL");
      await ended;
      // What the killed one holds may be let go of a moment later.
      expect([0, exitCodes.busy]).toContain((await sessreap(scratch, ["sweep"])).code);
      expect((await sessreap(scratch, ["sweep"])).code).toBe(0);
      expect(keysIn(path)).toEqual(["live"]);
      expect(readdirSync(dirname(path)).filter((name) => name.includes("agents.json"))).toEqual(["agents.json"]);
    }
    // One that was killed between its tombstone and its change left a tombstone of what the next one buried, too.
    expect(new Set(buriedKeys(scratch.stateDir))).toEqual(new Set(Array.from({ length: kills }, (_, nth) => `gone-${nth}`)));
  },
);

test("two watches and sweeps beside them: each row of a holder that ends goes once, and no other does", async () => {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const live = await idle();
  const holders = await Promise.all(Array.from({ length: 6 }, () => idle()));
  write(path, { live, ...Object.fromEntries(holders.map((holder, nth) => [`gone-${nth}`, holder])) });
  const watchers = [await watching(scratch), await watching(scratch)];
  for (const holder of holders) {
    const [code] = await Promise.all([sessreap(scratch, ["sweep"]).then((ran) => ran.code), stop(holder)]);
    expect([0, exitCodes.busy]).toContain(code);
  }
  await until("the rows are gone", () => keysIn(path).length === 1);
  expect(keysIn(path)).toEqual(["live"]);
  expect(buriedKeys(scratch.stateDir).toSorted()).toEqual(holders.map((_, nth) => `gone-${nth}`));
  for (const watcher of watchers) {
    const ended = once(watcher, "exit");
    watcher.kill("SIGTERM");
    expect(await ended).toEqual([exitCodes.terminated, null]);
  }
});
