import { expect, test } from "vitest";
import type { Captured } from "../../../src/host/capture/quarantine.ts";
import type { Host } from "../../../src/host/host.ts";
import { jsonFile } from "../../../src/registries/declared/json-file.ts";
import { claudeSessions } from "../../../src/registries/formats/claude-sessions.ts";
import { claudesOf, markersOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { outcomesOf, sweepWith, why, type HostOverrides } from "../described.ts";

type Ghosts = { readonly stage: Stage; readonly keys: readonly string[]; readonly all: readonly Actor[] };

/** Records of Claudes that are gone, and of one that lives. */
async function withGhosts(count: number): Promise<Ghosts> {
  const stage = simulatedStage();
  const all: Actor[] = [];
  while (all.length < count) {
    const actor = await stage.gone();
    if (!all.some(({ pid }) => pid === actor.pid)) all.push(actor);
  }
  for (const { pid, startTicks } of all) {
    stage.writeOld(
      `${claudesOf(stage).path}/${pid}.json`,
      JSON.stringify({ pid, sessionId: `session-${pid}`, procStart: startTicks, startedAt: 1.6e12 }),
    );
  }
  return { stage, all, keys: all.map(({ pid }) => `${pid}.json`) };
}

const at = (stage: Stage, key: string): string | undefined => stage.read(`${claudesOf(stage).path}/${key}`);

/** What becomes of the ghosts, without their names. */
async function became({ stage, keys }: Ghosts, overrides: HostOverrides, more = {}): Promise<readonly string[]> {
  const report = await sweepWith(stage, [claudesOf(stage)], overrides, more);
  const lines = outcomesOf(report);
  return keys.map((key) => (lines.find((line) => line.startsWith(`${key} `)) ?? "").slice(key.length + 1));
}

test("files are dropped together, with a tombstone each that keeps all they said", async () => {
  const scene = await withGhosts(2);
  const { stage, keys } = scene;
  const texts = keys.map((key) => at(stage, key) ?? "");
  const calls: number[] = [];
  const captureEntries: Host["captureEntries"] = (root, judged) => {
    calls.push(judged.length);
    return stage.host.captureEntries(root, judged);
  };
  expect(await became(scene, { captureEntries })).toEqual(["reaped", "reaped"]);
  expect(calls).toEqual([2]);
  expect(keys.map((key) => at(stage, key))).toEqual([undefined, undefined]);
  expect(stage.tombstones().map(({ key, kept }) => [key, kept])).toEqual(
    keys.map((key, index) => [
      key,
      {
        layout: "files",
        content: Buffer.from(texts[index] ?? "").toString("base64"),
        mode: 0o100600,
        uid: 1000,
        gid: 1000,
        modifiedAt: stage.now() - 30 * 86_400_000,
      },
    ]),
  );
});

const captures: readonly (readonly [captured: Captured | undefined, outcome: string])[] = [
  [{ kind: "changed" }, "skipped; it changed since it was judged"],
  [{ kind: "gone" }, "skipped; somebody else removed it"],
  [{ kind: "failed", problem: "read-only file system" }, "failed; read-only file system"],
  [undefined, "failed; nobody captured it"],
];
test.each(captures)("a file of which the capture says %j keeps no tombstone, and its neighbour goes", async (captured, outcome) => {
  const scene = await withGhosts(2);
  const { stage, keys } = scene;
  const captureEntries: Host["captureEntries"] = () => [{ kind: "dropped" }, ...(captured === undefined ? [] : [captured])];
  const [first, second] = await became(scene, { captureEntries });
  expect([first, second]).toEqual(["reaped", outcome]);
  expect(stage.tombstones().map(({ key }) => key)).toEqual([keys[0]]);
});

test("a sweep in which a file could not go ends with 3, and names the trouble", async () => {
  const { stage } = await withGhosts(1);
  const captureEntries: Host["captureEntries"] = () => [{ kind: "failed", problem: "read-only file system" }];
  const report = await sweepWith(stage, [claudesOf(stage)], { captureEntries });
  expect(report).toMatchObject({
    exitCode: 3,
    registries: [{ state: "failed", problem: "read-only file system" }],
    summary: { failed: 1 },
  });
});

test("only the directory of a file that was dropped goes with it, and only where it is the entry's own", async () => {
  const { stage, keys } = await withGhosts(3);
  const dropped: string[] = [];
  const overrides: HostOverrides = {
    captureEntries: () => [{ kind: "dropped" }, { kind: "changed" }, { kind: "dropped" }],
    dropDirectory: (root, key) => void dropped.push(`${root}/${key}`),
  };
  const target = claudesOf(stage);
  await sweepWith(stage, [target], overrides);
  expect(dropped).toEqual([]);
  const format = { ...target.format, ownDirectory: true } as typeof target.format;
  await sweepWith(stage, [{ ...target, format }], overrides);
  expect(dropped).toEqual([`${target.path}/${keys[0]}`, `${target.path}/${keys[2]}`]);
});

test("of a declared registry the directory below it that an entry left is looked at, and no other", async () => {
  const stage = simulatedStage();
  const { pid, startTicks } = await stage.gone();
  const path = claudesOf(stage).path;
  for (const name of ["flat.json", "a.lock/owner.json"]) stage.writeOld(`${path}/${name}`, JSON.stringify({ pid, start: startTicks }));
  const format = jsonFile({ entries: "", pattern: "**/*.json", fields: { pid: "pid", startTicks: "start" }, about: "process" });
  const looked: string[] = [];
  const leftDirectory: Host["leftDirectory"] = (_, key) => {
    looked.push(key);
    return "its directory stays";
  };
  const report = await sweepWith(stage, [{ ...claudesOf(stage), format }], { leftDirectory });
  expect(looked).toEqual(["a.lock/owner.json"]);
  expect(outcomesOf(report).toSorted()).toEqual(["a.lock/owner.json reaped; its directory stays", "flat.json reaped"]);
});

test("what was removed is removed: a directory that cannot be made durable is said of each", async () => {
  const scene = await withGhosts(2);
  const { stage, keys } = scene;
  const synced: (readonly string[])[] = [];
  const syncDirectories: Host["syncDirectories"] = (root, given) => {
    synced.push([root, ...given]);
    return why();
  };
  const note = "afterwards: no space left on device";
  expect(await became(scene, { syncDirectories })).toEqual([`reaped; ${note}`, `reaped; ${note}`]);
  expect(synced).toEqual([[claudesOf(stage).path, ...keys]]);
  expect(stage.tombstones()).toHaveLength(2);
});

test("a tombstone that cannot be taken back is said of its entry alone, behind all else", async () => {
  const scene = await withGhosts(2);
  const overrides: HostOverrides = { captureEntries: () => [{ kind: "dropped" }, { kind: "gone" }], store: { voidTombstones: why } };
  const voidProblem = "its tombstone could not be taken back: no space left on device";
  expect(await became(scene, overrides)).toEqual(["reaped", `failed; somebody else removed it; ${voidProblem}`]);
  const again = await withGhosts(1);
  const both: HostOverrides = { captureEntries: () => [{ kind: "gone" }], syncDirectories: why, store: { voidTombstones: why } };
  expect(await became(again, both)).toEqual([`failed; somebody else removed it; afterwards: no space left on device; ${voidProblem}`]);
});

test("where all have gone, no tombstone is taken back", async () => {
  const scene = await withGhosts(1);
  let voidProblem = 0;
  const voidTombstones = (): void => {
    voidProblem += 1;
  };
  expect(await became(scene, { store: { voidTombstones } })).toEqual(["reaped"]);
  expect(voidProblem).toBe(0);
});

test("without a tombstone nothing is captured", async () => {
  const scene = await withGhosts(2);
  const captureEntries: Host["captureEntries"] = () => {
    throw new Error("it was captured");
  };
  const note = "failed; no tombstone could be written: no space left on device";
  expect(await became(scene, { captureEntries, store: { writeTombstones: why } })).toEqual([note, note]);
});

test("with room for one tombstone one goes, and the other waits", async () => {
  const scene = await withGhosts(2);
  const tombstonesFull = "pending; the tombstones are full: older ones have to go first";
  expect(await became(scene, { store: { tombstoneRoom: () => 600 } })).toEqual(["reaped", tombstonesFull]);
  const none = await withGhosts(1);
  const captureEntries: Host["captureEntries"] = () => {
    throw new Error("it was captured");
  };
  expect(await became(none, { captureEntries, store: { tombstoneRoom: () => 100 } })).toEqual([tombstonesFull]);
});

/** Something happens at the last look, before anything is captured. */
function atLastLook(stage: Stage, happens: () => void | Promise<void>): Pick<Host, "lookAtProcesses"> {
  let looks = 0;
  return {
    lookAtProcesses: async (question) => {
      looks += 1;
      if (looks === 2) await happens();
      return stage.host.lookAtProcesses(question);
    },
  };
}

test("a session that comes back at the last look is spared, and its neighbour is not", async () => {
  const scene = await withGhosts(3);
  const { stage, all, keys } = scene;
  const target = { ...claudesOf(stage), format: { ...claudeSessions, about: "session" } } as const;
  const overrides = atLastLook(stage, () => stage.attach(`session-${all[1]?.pid}`));
  const lines = outcomesOf(await sweepWith(stage, [target], overrides));
  expect(lines.map((line) => line.replace(/^\S+ /, "")).toSorted()).toEqual(["reaped", "reaped", "skipped; it came back to life"]);
  expect(stage.tombstones().map(({ key }) => key)).toEqual([keys[0], keys[2]]);
  expect(keys.map((key) => at(stage, key) === undefined)).toEqual([true, false, true]);
});

test("an owner that comes up at the last look keeps its files", async () => {
  const scene = await withGhosts(1);
  const { stage } = scene;
  const target = { ...claudesOf(stage), owner: { argv: stage.owner } };
  const report = await sweepWith(stage, [target], atLastLook(stage, stage.startOwner));
  expect(outcomesOf(report).map((line) => line.replace(/^\S+ /, ""))).toEqual(["withheld; its owner came up"]);
  expect(stage.tombstones()).toEqual([]);
});

const stopped = "skipped; the sweep was stopped before it came to this entry";

test("a sweep that is stopped during the last look drops nothing and keeps no tombstone", async () => {
  const scene = await withGhosts(2);
  const { stage, keys } = scene;
  const stop: { signal: "SIGTERM" | undefined } = { signal: undefined };
  const overrides = atLastLook(stage, () => {
    stop.signal = "SIGTERM";
  });
  expect(await became(scene, overrides, { stop })).toEqual([stopped, stopped]);
  expect(stage.tombstones()).toEqual([]);
  expect(keys.every((key) => at(stage, key) !== undefined)).toBe(true);
});

/** Markers whose pid is gone are not opened to be judged. */
async function marker() {
  const stage = simulatedStage();
  const { pid } = await stage.gone();
  const path = `${markersOf(stage).path}/market/beds/1.0/.in_use/${pid}`;
  stage.writeOld(path, "{}");
  return { stage, path };
}

test("a file that was not opened to be judged is read before it goes, for its tombstone", async () => {
  const { stage, path } = await marker();
  expect(outcomesOf(await sweepWith(stage, [markersOf(stage)])).map((line) => line.replace(/^\S+ /, ""))).toEqual(["reaped"]);
  expect(stage.tombstones()).toMatchObject([{ kept: { content: Buffer.from("{}").toString("base64") } }]);
  expect(stage.read(path)).toBeUndefined();
});

test.each([{ kind: "gone" }, { kind: "unreadable", state: undefined, problem: "input/output error", failed: true }] as const)(
  "a file that was not opened to be judged, and is %j when it is to go, stays",
  async (read) => {
    const { stage, path } = await marker();
    const report = await sweepWith(stage, [markersOf(stage)], { readEntryFile: () => read });
    expect(outcomesOf(report).map((line) => line.replace(/^\S+ /, ""))).toEqual([
      "skipped; it could not be read, so nothing of it could be kept",
    ]);
    expect([stage.read(path), stage.tombstones()]).toEqual(["{}", []]);
  },
);
