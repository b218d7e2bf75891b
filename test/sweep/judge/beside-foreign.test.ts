import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { emptyMemory, type Memory } from "../../../src/core/memory/memory.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { jsonFile } from "../../../src/registries/declared/json-file.ts";
import { fields } from "../../fields.ts";
import { gonePid } from "../../processes.ts";
import { newScene, sweepOnce, writeOld } from "../scene.ts";

const longAgo = "2019-03-01T00:00:00Z";

/** What becomes of an entry without a word of where its pid is counted, beside one of another boot. */
async function fateOf(memory: Partial<Memory>): Promise<Readonly<Record<string, string>>> {
  const { directory, target, host } = await newScene();
  const path = join(directory, "entries");
  mkdirSync(path);
  const { pid } = await gonePid();
  writeOld(join(path, "silent.json"), JSON.stringify({ pid, since: longAgo }));
  writeOld(join(path, "other.json"), JSON.stringify({ pid, boot: randomUUID(), since: longAgo }));
  const format = jsonFile({ entries: "", pattern: "*.json", fields, about: "process" });
  const store = { ...host.store, loadMemory: () => ({ memory: { ...emptyMemory, ...memory }, problem: undefined }) };
  const { entries } = await sweepOnce({ ...host, store }, { ...target, format, path }, { policy: { ...defaultPolicy, graceMs: 0 } });
  return Object.fromEntries(entries.map(({ key, reason, action }) => [key, `${reason} ${action}`]));
}

test("an entry beside one of an earlier boot goes", async () => {
  expect(await fateOf({})).toMatchObject({ "silent.json": "pid-gone reaped" });
});

test("where the clock was stepped the one of another boot may be another kernel's, and the entry beside it stays", async () => {
  const kept = { "silent.json": "foreign-pid-namespace kept", "other.json": "foreign-host kept" };
  expect(await fateOf({ steppedAtMs: Date.parse(longAgo) + 1 })).toEqual(kept);
});

test("a step before it was written leaves no doubt", async () => {
  expect(await fateOf({ steppedAtMs: Date.parse(longAgo) })).toMatchObject({ "silent.json": "pid-gone reaped" });
});
