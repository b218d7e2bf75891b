import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { BusyMemory, BusyRecord } from "../../../src/core/plan/busy.ts";
import { emptyMemory } from "../../../src/core/memory/memory.ts";
import { loadMemory, saveMemory } from "../../../src/host/state/memory-store.ts";
import { scratchDirectory } from "../scratch.ts";

const record: BusyRecord = { sinceMs: 5, why: "pid 7 (x) has locked it", usedBy: { pid: 7, startTicks: "77" }, sinceFirst: true };
const busy: BusyMemory = {
  files: new Map([
    [
      "r",
      new Map([
        ["a.json", record],
        ["b.json", { ...record, usedBy: undefined, sinceFirst: false }],
      ]),
    ],
  ]),
  onceFree: new Set(["s"]),
};

test("busy files are remembered as they were", async () => {
  const directory = scratchDirectory();
  await saveMemory(directory, { ...emptyMemory, busy });
  expect(loadMemory(directory)).toEqual({ memory: { ...emptyMemory, busy }, problem: undefined });
});

test("a memory from before there were busy files is read, and one that is bent is none", async () => {
  const directory = scratchDirectory();
  await saveMemory(directory, emptyMemory);
  const path = join(directory, "memory.json");
  const stored = JSON.parse(readFileSync(path, "utf8")) as object;
  expect(stored).not.toHaveProperty("busy");
  expect(loadMemory(directory)).toEqual({ memory: emptyMemory, problem: undefined });
  const bent: readonly object[] = [
    { files: { r: { a: { ...record, sinceMs: "5" } } }, onceFree: [] },
    { files: { r: { a: { ...record, usedBy: { pid: "7", startTicks: "77" } } } }, onceFree: [] },
    { files: { r: { a: { ...record, sinceFirst: 1 } } }, onceFree: [] },
    { files: { r: { a: null } }, onceFree: [] },
    { files: { r: null }, onceFree: [] },
    { files: {}, onceFree: [1] },
    { files: {}, onceFree: "s" },
    {},
  ].map((part) => ({ busy: part }));
  for (const part of bent) {
    writeFileSync(path, JSON.stringify({ ...stored, ...part }));
    expect(loadMemory(directory).memory, JSON.stringify(part)).toEqual(emptyMemory);
  }
});
