import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import { readEntryFile } from "../../../src/host/files/entries/entry-files.ts";
import { launch } from "../../processes.ts";

/** So many registrations race against the reaper; more of them take longer and find rarer moments. */
const rounds = Number(process.env["SESSREAP_TEST_RACES"] ?? "150");

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** Reaps every ghost that stands in the file for as long as the writer is at work. */
async function reapWhile(
  root: string,
  key: string,
  isOver: () => boolean,
): Promise<{ readonly dropped: number; readonly changed: number }> {
  const counts = { dropped: 0, changed: 0 };
  while (!isOver()) {
    const read = readEntryFile(root, key);
    if (read.kind === "read" && read.bytes.includes("ghost")) {
      const kind = captureEntries(root, [{ key, state: read.state, bytes: read.bytes }])[0]?.kind;
      if (kind === "dropped" || kind === "changed") counts[kind] += 1;
    }
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return counts;
}

/** Lets a writer and the reaper race for one file; returns how many ghosts were reaped meanwhile. */
async function race(way: string): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "sessreap-race-"));
  directories.push(root);
  const writer = launch(process.execPath, [join(import.meta.dirname, "../race/writer.mjs"), join(root, "77.json"), String(rounds), way]);
  let said = "";
  let over = false;
  writer.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  writer.once("close", () => (over = true));
  const { dropped, changed } = await reapWhile(root, "77.json", () => over);
  const { lost, overGhosts } = JSON.parse(said) as { readonly lost: number; readonly overGhosts: number };
  process.stderr.write(`\n${way}: ${rounds} rounds, ${dropped} ghosts reaped, ${changed} left, ${overGhosts} written over, ${lost} lost\n`);
  expect(lost).toBe(0);
  expect(readdirSync(root).filter((name) => name.includes("sessreap"))).toEqual([]);
  return dropped;
}

test.each(["in-place", "by-rename", "after opening it"])(
  "no registration of a session that writes its file %s over a ghost's is lost to the reaper",
  async (way) => {
    // On a busy machine a race may be over before the reaper's helper has started.
    let dropped = 0;
    for (let run = 0; run < 10 && dropped === 0; run += 1) dropped = await race(way);
    expect(dropped).toBeGreaterThan(0);
  },
  600_000,
);
