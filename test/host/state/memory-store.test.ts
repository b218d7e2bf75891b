import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emptyMemory, type Memory } from "../../../src/core/memory/memory.ts";
import { loadMemory, saveMemory } from "../../../src/host/state/memory-store.ts";

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "sessreap-memory-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const record = {
  digest: "d",
  seenForMs: 5,
  clockStepped: true,
  absentSinceMs: 7,
  heartbeatAt: 9,
  unreadBeat: "b",
  longestGapMs: 11,
  stillForMs: 13,
  held: undefined,
};

const firstSight = { as: "a", machine: "venus\0ab12", bootId: "b", timeNamespace: "time:[4026531834]", bootMs: 31 };

const memory: Memory = {
  ...emptyMemory,
  bootId: "b",
  wallMs: 1,
  bootMs: 2,
  awakeMs: 3,
  records: new Map([["/r", new Map([["mars", record]])]]),
  firstSights: new Map([["/r", new Map([["mars", firstSight]])]]),
  sleep: { bootId: "b", ms: 17, atMs: 19, sleeps: [{ fromMs: 21, untilMs: 23, ms: 25 }] },
  settling: { watchedMs: 27, settledAtMs: 29 },
};

test("what one sweep leaves is what the next one finds", async () => {
  const directory = stateDirectory();
  await saveMemory(directory, memory);
  expect(loadMemory(directory)).toEqual({ memory, problem: undefined });
  await saveMemory(directory, emptyMemory);
  expect(loadMemory(directory)).toEqual({ memory: emptyMemory, problem: undefined });
});

test("a memory of the time before sleeps were remembered is read, and knows of none", async () => {
  const directory = stateDirectory();
  await saveMemory(directory, memory);
  const path = join(directory, "memory.json");
  const { sleep: _, settling: __, ...older } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(older));
  const { sleep, settling } = emptyMemory;
  expect(loadMemory(directory)).toEqual({ memory: { ...memory, sleep, settling }, problem: undefined });
});

test("a memory of the time before first sights were remembered is read, and one of an unknown machine stays so", async () => {
  const directory = stateDirectory();
  const path = join(directory, "memory.json");
  await saveMemory(directory, { ...memory, firstSights: new Map([["/r", new Map([["mars", { ...firstSight, machine: undefined }]])]]) });
  expect(loadMemory(directory).memory.firstSights.get("/r")?.get("mars")).toEqual({ ...firstSight, machine: undefined });
  const { firstSights: _, ...older } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(older));
  expect(loadMemory(directory)).toEqual({ memory: { ...memory, firstSights: new Map() }, problem: undefined });
});

test.each([
  { firstSights: { "/r": { mars: { ...firstSight, bootMs: "31" } } } },
  { firstSights: { "/r": { mars: { ...firstSight, bootId: null } } } },
  { firstSights: { "/r": { mars: { ...firstSight, machine: 5 } } } },
  { firstSights: { "/r": [] } },
  { firstSights: null },
  { sleep: { ms: "17", sleeps: [] } },
  { sleep: { ms: 17, sleeps: [{ fromMs: 0, untilMs: null, ms: 1 }] } },
  { sleep: { ms: 17, sleeps: {} } },
  { sleep: { bootId: 4, ms: 17, sleeps: [] } },
  { sleep: null },
  { settling: { watchedMs: "3600000" } },
  { settling: { watchedMs: 0, settledAtMs: "0" } },
  { settling: null },
])("half a memory is none: %j", async (part) => {
  const directory = stateDirectory();
  await saveMemory(directory, memory);
  const path = join(directory, "memory.json");
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...part }));
  expect(loadMemory(directory)).toMatchObject({
    memory: emptyMemory,
    problem: expect.stringContaining("is not as a sweep leaves it") as string,
  });
});
