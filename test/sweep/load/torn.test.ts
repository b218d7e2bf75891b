import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { unseen } from "../../../src/core/evidence.ts";
import type { Memory } from "../../../src/core/memory/memory.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { fixtures, tearable, type Fixture } from "../../registries/fixtures.ts";
import { plant, withOwnIds } from "../../registries/plant.ts";
import { scratchDirectory } from "../../host/scratch.ts";
import { gonePid, idle, pretend, zombie, type Running } from "../../processes.ts";
import { fileOf, targetFor } from "../targets.ts";
import { newScene, sweepOnce, type Scene } from "../scene.ts";
import { noMentions } from "../../../src/sweep/observe/observe.ts";

const monthAgo = Date.now() / 1000 - 30 * 86_400;
const claudes = fixtures.find(({ folder }) => folder === "claude-sessions/2.1.197") as Fixture;
const minutes = 60_000;

/** Every prefix is read in the test of the formats; whole sweeps are made over some of them, or over all with 1. */
const step = Number(process.env["SESSREAP_TEST_TORN_STEP"] ?? "37");

type Planted = Scene & { readonly target: Target; readonly file: string; readonly whole: Buffer };

async function plantedWith(fixture: Fixture, holder: Pick<Running, "pid" | "startTicks">): Promise<Planted> {
  const scene = await newScene();
  plant(fixture.folder, scene.directory, holder);
  const file = fileOf(fixture, scene, holder);
  const whole = readFileSync(file);
  return { ...scene, target: targetFor(fixture, scene), file, whole };
}

function tear(file: string, bytes: Uint8Array): void {
  writeFileSync(file, bytes);
  utimesSync(file, monthAgo, monthAgo);
}

/** A host that looks at the processes once: what tears here is a file, not the world. */
async function oneLook(host: Host, pid: number): Promise<Host> {
  const answer = await host.lookAtProcesses({ pids: new Set([pid]), owners: [], ...noMentions });
  return { ...host, lookAtProcesses: () => answer, sleep: () => Promise.resolve() };
}

test.each(tearable)("$folder: whatever prefix of it stands in the file, a live holder's entry is no ghost", async (fixture) => {
  const holder = await (fixture.folder.startsWith("llmmsg") ? pretend(scratchDirectory(), fixture.holder) : idle());
  const { host, target, file, whole } = await plantedWith(fixture, holder);
  const calm = await oneLook(host, holder.pid);
  const verdicts = new Set<string>();
  for (let length = 0; length < whole.length - 1; length += step) {
    tear(file, whole.subarray(0, length));
    const { entries, registries } = await sweepOnce(calm, target, { dryRun: true });
    verdicts.add(registries[0]?.state === "malformed" ? "malformed" : entries.map(({ verdict }) => verdict).join() || "none there");
  }
  expect([...verdicts]).not.toContain("ghost");
  expect([...verdicts].every((verdict) => ["live", "undecided", "malformed", "none there"].includes(verdict))).toBe(true);
});

test.each(tearable)(
  "$folder: whatever prefix of it stands in the file, a gone holder's entry is not taken at the first look",
  async (fixture) => {
    const holder = await gonePid();
    const { host, target, file, whole } = await plantedWith(fixture, holder);
    const calm = await oneLook(host, holder.pid);
    const saysNothing = target.format.layout === "files" && target.format.nameIsEnough;
    const answers = new Set<string>();
    for (let length = 0; length < whole.length - 1; length += step) {
      tear(file, whole.subarray(0, length));
      const { entries, registries } = await sweepOnce(calm, target, { dryRun: true });
      const said = entries.map(({ verdict, action }) => `${verdict} ${action}`).join() || "none there";
      answers.add(registries[0]?.state === "malformed" ? "malformed" : said);
    }
    // Where the name is enough, a gone pid is proof whatever the file says, unless it is empty.
    const right = saysNothing ? ["ghost would-reap", "ghost pending"] : ["undecided kept", "ghost pending", "malformed", "none there"];
    expect([...answers].filter((answer) => !right.includes(answer))).toEqual([]);
  },
);

/** The memory as it would be if the last sweep had been so long ago. */
function aged(memory: Memory, ms: number): Memory {
  const records = [...memory.records].map(([path, entries]) => {
    const older = [...entries].map(([key, record]) => {
      const { absentSinceMs } = record;
      return [key, { ...record, absentSinceMs: absentSinceMs === undefined ? undefined : absentSinceMs - ms }] as const;
    });
    return [path, new Map(older)] as const;
  });
  return { ...memory, records: new Map(records) };
}

async function twoLooks({ host, target }: Planted): Promise<readonly string[]> {
  const said = async () =>
    (await sweepOnce(host, target)).entries.map(({ verdict, reason, action }) => `${verdict} ${reason} ${action}`).join();
  const first = await said();
  await host.store.saveMemory(aged(host.store.loadMemory().memory, 5 * minutes));
  return [first, await said()];
}

test.each([
  ["empty", 0],
  ["torn", 40],
])("an entry that is %s, of a pid that is gone, is reaped at the second look", async (_, length) => {
  const planted = await plantedWith(claudes, await gonePid());
  tear(planted.file, planted.whole.subarray(0, length));
  expect(await twoLooks(planted)).toEqual(["ghost pid-gone pending", "ghost pid-gone reaped"]);
});

test("a torn entry whose holder is a zombie is reaped at the second look", async () => {
  const planted = await plantedWith(claudes, await zombie());
  tear(planted.file, planted.whole.subarray(0, 40));
  expect(await twoLooks(planted)).toEqual(["ghost pid-zombie pending", "ghost pid-zombie reaped"]);
});

test.each([
  ["empty", 0],
  ["torn", 40],
])("an entry that is %s, of a pid that lives, is kept at every look, whatever the process is called", async (_, length) => {
  const planted = await plantedWith(claudes, await idle());
  tear(planted.file, planted.whole.subarray(0, length));
  expect(await twoLooks(planted)).toEqual(["live pid-alive kept", "live pid-alive kept"]);
});

test("a torn entry that is written to between two looks is young again", async () => {
  const planted = await plantedWith(claudes, await gonePid());
  tear(planted.file, planted.whole.subarray(0, 40));
  await sweepOnce(planted.host, planted.target);
  await planted.host.store.saveMemory(aged(planted.host.store.loadMemory().memory, 5 * minutes));
  writeFileSync(planted.file, planted.whole.subarray(0, 50));
  const { entries } = await sweepOnce(planted.host, planted.target);
  expect(entries).toMatchObject([{ verdict: "undecided", reason: "within-grace", action: "kept" }]);
});

test("an entry that a live writer is just rewriting is read again until it is whole", async () => {
  const holder = await idle();
  const planted = await plantedWith(claudes, holder);
  writeFileSync(planted.file, "");
  let waits = 0;
  const sleep = (): Promise<void> => {
    waits += 1;
    if (waits === 2) writeFileSync(planted.file, planted.whole);
    return Promise.resolve();
  };
  const { entries } = await sweepOnce({ ...planted.host, sleep }, planted.target, { lookAnyway: true });
  expect(waits).toBe(2);
  expect(entries).toMatchObject([{ sessionId: withOwnIds("7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e01") }]);
});

test("a pid that no Linux hands out is no pid, and its file is kept", async () => {
  const scene = await newScene();
  const target = targetFor(claudes, scene);
  plant(claudes.folder, scene.directory, { pid: 4_194_305, startTicks: "1" });
  plant(claudes.folder, scene.directory, { pid: 9_999_999_999, startTicks: "1" });
  const { entries } = await sweepOnce(scene.host, target);
  expect(entries.map(({ key, reason }) => `${key} ${reason}`).toSorted()).toEqual([
    "4194305.json malformed-entry",
    "9999999999.json malformed-entry",
  ]);
});

test("an entry that cannot be looked at is no entry that has gone: it is said, and others are swept", async () => {
  const { host, target, file, whole } = await plantedWith(claudes, await gonePid());
  const other = join(dirname(file), "4194305.json");
  writeFileSync(other, whole);
  for (const path of [file, other]) utimesSync(path, monthAgo, monthAgo);
  const closed = (key: string): boolean => other.endsWith(key);
  const blind: Host = {
    ...host,
    readEntryFile: (root, key) =>
      closed(key) ? { kind: "unreadable", state: undefined, problem: "could not be read", failed: true } : host.readEntryFile(root, key),
    stateOfEntry: (root, key) => (closed(key) ? unseen("too many levels of links (ELOOP)") : host.stateOfEntry(root, key)),
  };
  const { entries, registries } = await sweepOnce(blind, target);
  expect(entries.map(({ key, action }) => [key, action])).toEqual([[basename(file), "reaped"]]);
  expect(JSON.stringify(registries[0])).toContain(`${basename(other)}: too many levels of links (ELOOP)`);
  expect(existsSync(other)).toBe(true);
});
