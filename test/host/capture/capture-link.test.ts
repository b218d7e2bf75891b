import { lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import type { JudgedFile } from "../../../src/host/capture/quarantine.ts";
import { readEntryLink } from "../../../src/host/files/entries/entry-files.ts";
import { scratchDirectory, unused } from "../scratch.ts";

const key = "SingletonLock";

function judgedIn(root: string): JudgedFile {
  symlinkSync("venus-1", join(root, key));
  const read = readEntryLink(root, key);
  if (read.kind !== "read") throw new Error(`${key} was not read`);
  return { key, state: read.state, bytes: read.bytes };
}

const replacements: Readonly<Record<string, (at: string) => void>> = {
  "leads to another process": (at) => symlinkSync("venus-2", at),
  "is a new one with the same target": (at) => symlinkSync("venus-1", at),
  "has become a file": (at) => writeFileSync(at, "venus-1"),
  "has become a directory": (at) => mkdirSync(at),
};

test.each(Object.entries(replacements))("a link that %s since it was judged stays", (_, replace) => {
  const root = scratchDirectory();
  const judged = judgedIn(root);
  const at = join(root, key);
  // Kept beside it, so that its inode is not given again.
  renameSync(at, join(root, "old"));
  replace(at);
  const was = lstatSync(at, { bigint: true });
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "changed" }]);
  expect(lstatSync(at, { bigint: true })).toMatchObject({ ino: was.ino, ctimeNs: was.ctimeNs });
  expect(readdirSync(root).toSorted()).toEqual([key, "old"]);
});

/** How many times a link is replaced while it is captured; a longer proof can be asked for. */
const rounds = Number(process.env["SESSREAP_RACES"] ?? 300);

test(`beside a program that replaces its link in the same moment, ${rounds} times: the new link stays`, async () => {
  const root = scratchDirectory();
  const at = join(root, key);
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const program = new Worker(
    `const { workerData: { shared, at, rounds } } = require("node:worker_threads");
     const { renameSync, symlinkSync } = require("node:fs");
     for (let round = 1; round <= rounds; round += 1) {
       symlinkSync("venus-2", at + ".new");
       Atomics.wait(shared, 0, round - 1);
       for (let spin = 0; spin < (round % 50) * 100; spin += 1) Atomics.load(shared, 0);
       renameSync(at + ".new", at);
       Atomics.store(shared, 1, round);
       Atomics.notify(shared, 1);
     }`,
    { eval: true, workerData: { shared, at, rounds } },
  );
  const seen = { dropped: 0, changed: 0 };
  for (let round = 1; round <= rounds; round += 1) {
    rmSync(at, { force: true });
    const judged = judgedIn(root);
    Atomics.store(shared, 0, round);
    Atomics.notify(shared, 0);
    const [captured] = captureEntries(root, [judged], unused);
    Atomics.wait(shared, 1, round - 1);
    if (captured?.kind === "dropped") seen.dropped += 1;
    if (captured?.kind === "changed") seen.changed += 1;
    expect(readlinkSync(at), `round ${round}: ${captured?.kind}`).toBe("venus-2");
  }
  await program.terminate();
  expect(seen.dropped + seen.changed).toBe(rounds);
  // Where no capture comes through nothing is tried.
  expect(seen.dropped).toBeGreaterThan(0);
  expect(readdirSync(root)).toEqual([key]);
}, 120_000);
