import { expect, test } from "vitest";
import { seen, unseen } from "../../../src/core/evidence.ts";
import { emptyMemory, type Memory } from "../../../src/core/memory/memory.ts";
import { restoredByKey, restoredIn } from "../../../src/core/memory/restored.ts";
import type { KeptFile, KeptMember, Tombstone } from "../../../src/core/tombstone.ts";
import type { Host } from "../../../src/host/host.ts";
import type { HistoryLine } from "../../../src/host/state/history.ts";
import { restoreInto } from "../../sweep-options.ts";
import { agentsOf, claudesOf, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { hostWith, keysIn, row, sweepWith, why, withGhosts, type HostOverrides } from "../described.ts";

const newcomer = "an entry of this name is there already; it was left alone";
const day = 86_400_000;
const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function restored(
  stage: Stage,
  tombstones: readonly Tombstone[],
  overrides: HostOverrides = {},
  dryRun = false,
  target = agentsOf(stage),
) {
  const { outcomes } = await restoreInto(hostWith(stage, overrides), target, tombstones, dryRun);
  expect(outcomes.map(({ tombstone }) => tombstone)).toEqual(tombstones);
  return outcomes.map(({ tombstone, action, detail }) => [`${tombstone.key} ${action}`, ...(detail === "" ? [] : [detail])].join(": "));
}

async function reaped(keys: readonly string[]) {
  const scene = await withGhosts(keys);
  const { stage, path } = scene;
  const text = stage.read(path) ?? "";
  await sweepWith(stage, [agentsOf(stage)]);
  return { ...scene, text, tombstones: stage.tombstones() };
}

test("entries are put back where they stood, lose their tombstones, and are left alone for a week", async () => {
  const { stage, path, text, tombstones } = await reaped(["a", "b"]);
  let kept: Memory = emptyMemory;
  const mark = { registry: "/other", key: "a", digest: "d", untilMs: 5 };
  const old = [mark, { ...mark, registry: path, key: "z" }, { ...mark, registry: path }];
  const store = {
    loadMemory: () => ({ memory: { ...emptyMemory, restored: restoredByKey(old) }, problem: undefined }),
    saveMemory: (memory: Memory) => {
      kept = memory;
      return Promise.resolve();
    },
  };
  expect(await restored(stage, tombstones, { store })).toEqual(["a restored", "b restored"]);
  expect([stage.read(path), stage.tombstones()]).toEqual([text, []]);
  expect(restoredIn(kept.restored).map(({ registry, key, untilMs }) => [registry, key, untilMs])).toEqual([
    ["/other", "a", 5],
    [path, "z", 5],
    [path, "a", stage.now() + 7 * day],
    [path, "b", stage.now() + 7 * day],
  ]);
});

test("of more entries than a call takes arguments each is answered for", async () => {
  const { stage, tombstones } = await reaped(["a"]);
  const [one] = tombstones;
  if (one === undefined) throw new TypeError("a tombstone was expected");
  const many = Array.from({ length: 150_000 }, (_, nth): Tombstone => ({ ...one, id: `${one.id}-${nth}`, key: `k${nth}` }));
  const { outcomes } = await restoreInto(hostWith(stage, {}), agentsOf(stage), many, true);
  expect(outcomes).toHaveLength(many.length);
});

test("without a clock a mark is as old as time, and without a registry there is none", async () => {
  const { stage, tombstones } = await reaped(["a"]);
  const marks: (readonly number[])[] = [];
  const store = {
    saveMemory: (memory: Memory) => Promise.resolve(void marks.push(restoredIn(memory.restored).map(({ untilMs }) => untilMs))),
  };
  const dark = unseen("denied");
  await restored(stage, tombstones, { store, clock: () => ({ wallMs: dark, bootMs: dark, awakeMs: dark }) });
  expect(marks).toEqual([[7 * day]]);
  const again = await reaped(["a"]);
  let reads = 0;
  const gone: HostOverrides = {
    store,
    readRegistryFile: (path) => ((reads += 1) === 1 ? again.stage.host.readRegistryFile(path) : { kind: "missing" }),
  };
  expect(await restored(again.stage, again.tombstones, gone)).toEqual(["a restored"]);
  expect(marks).toEqual([[7 * day], []]);
});

test("a dry run puts nothing back, and says what it would", async () => {
  const { stage, path, tombstones } = await reaped(["a", "b"]);
  const text = stage.read(path) ?? "";
  stage.write(path, text.replace('"live"', '"b":5,"live"'));
  const never: HostOverrides = { replaceJudged: why, store: { voidTombstones: why, saveMemory: why } };
  expect(await restored(stage, tombstones, never, true)).toEqual(["a would-restore", `b newcomer: ${newcomer}`]);
});

test("a newcomer of the same name stays, and only the others lose their tombstones", async () => {
  const { stage, path, tombstones } = await reaped(["a", "b"]);
  stage.write(path, (stage.read(path) ?? "").replace('"live"', '"b":5,"live"'));
  expect(await restored(stage, tombstones)).toEqual(["a restored", `b newcomer: ${newcomer}`]);
  expect(stage.tombstones().map(({ key }) => key)).toEqual(["b"]);
  expect(keysIn(stage, path)).toEqual(["a", "b", "live"]);
  const never: HostOverrides = { replaceJudged: why, store: { voidTombstones: why, saveMemory: why } };
  expect(await restored(stage, stage.tombstones(), never)).toEqual([`b newcomer: ${newcomer}`]);
});

test("of two tombstones of one name the first is put back", async () => {
  const { stage, tombstones } = await reaped(["a"]);
  const [first] = tombstones as [Tombstone];
  expect(await restored(stage, [first, { ...first, id: "t/0" }])).toEqual(["a restored", `a newcomer: ${newcomer}`]);
});

test("tombstones are taken back sweep by sweep", async () => {
  const { stage, tombstones } = await reaped(["a", "b", "c"]);
  const ids = ["s/0", "t/1", "s/2"];
  const taken: (readonly string[])[] = [];
  const store = { voidTombstones: (sweepId: string, gone: readonly string[]) => void taken.push([sweepId, ...gone]) };
  await restored(
    stage,
    tombstones.map((tombstone, index) => ({ ...tombstone, id: ids[index] ?? "" })),
    { store },
  );
  expect(taken).toEqual([
    ["s", "s/0", "s/2"],
    ["t", "t/1"],
  ]);
});

const obstacles: readonly (readonly [what: string, overrides: HostOverrides, detail: string])[] = [
  ["may not be written to", { reportOnlyReason: () => "it is shared" }, "it is shared"],
  ["is missing", { readRegistryFile: () => ({ kind: "missing" }) }, "its registry is not there; correct its path where it is named"],
  [
    "cannot be swapped",
    { replaceJudged: () => Promise.resolve({ kind: "failed", problem: "read-only file system" }) },
    "read-only file system",
  ],
  ["changes meanwhile", { replaceJudged: () => Promise.resolve({ kind: "changed" }) }, "its registry changed meanwhile; try again"],
];
test.each(obstacles)("where the registry %s nothing is put back, and no tombstone goes", async (_what, overrides, detail) => {
  const { stage, tombstones } = await reaped(["a"]);
  const store = { voidTombstones: why, saveMemory: why };
  expect(await restored(stage, tombstones, { ...overrides, store })).toEqual([`a failed: ${detail}`]);
});

test("while its owner is up nothing is put back into a registry", async () => {
  const { stage, tombstones } = await reaped(["a"]);
  await stage.startOwner();
  expect(await restored(stage, tombstones)).toEqual([`a failed: ${ownerIsUp}`]);
});

/** The owner starts right before the second look at the processes, which is the last one. */
function ownerAtLastLook(stage: Stage): HostOverrides {
  let looks = 0;
  return {
    lookAtProcesses: async (question) => {
      looks += 1;
      if (looks === 2) await stage.startOwner();
      return stage.host.lookAtProcesses(question);
    },
  };
}

const ownerIsUp = "its owner is up (process bridge.mjs watch); stop it first";

test("an owner that starts while entries are put back is not written over", async () => {
  const { stage, path, tombstones } = await reaped(["a", "b"]);
  const now = stage.read(path);
  expect(await restored(stage, tombstones, ownerAtLastLook(stage))).toEqual([`a failed: ${ownerIsUp}`, `b failed: ${ownerIsUp}`]);
  expect([stage.read(path), stage.tombstones()]).toEqual([now, tombstones]);
  const files = simulatedStage();
  const target = { ...claudesOf(files), owner: { argv: files.owner } };
  const overrides = { ...ownerAtLastLook(files), restoreEntryFiles: why };
  expect(await restored(files, [file(files)], overrides, false, target)).toEqual([`7.json failed: ${ownerIsUp}`]);
});

test("an entry that is back is back, although its tombstone could not be taken away, nor what was done be kept", async () => {
  const { stage, path, text, tombstones } = await reaped(["a"]);
  const store = { voidTombstones: why, appendHistory: why, saveMemory: () => Promise.reject(new Error("read-only file system")) };
  const { outcomes, problems } = await restoreInto(hostWith(stage, { store }), agentsOf(stage), tombstones);
  const detail = "its tombstone could not be taken back: no space left on device";
  expect(outcomes).toMatchObject([{ action: "restored", detail }]);
  expect(problems).toEqual([
    "that they are to be left alone could not be kept in the state directory: read-only file system",
    "its history could not be kept in the state directory: no space left on device",
  ]);
  expect(stage.read(path)).toBe(text);
});

test("the history tells what was put back, from which tombstone, and what could not be", async () => {
  const { stage, path, tombstones } = await reaped(["a", "b"]);
  const lines: HistoryLine[] = [];
  const store = { appendHistory: (line: HistoryLine) => void lines.push(line) };
  stage.write(path, (stage.read(path) ?? "").replace('"live"', '"b":5,"live"'));
  const foreign = file(stage);
  const all = [...tombstones, foreign];
  await restored(stage, all, { store }, true);
  expect(lines).toEqual([]);
  await restored(stage, all, { store });
  const entry = { registry: path, reason: "pid-gone" };
  expect(lines).toEqual([
    {
      sweepId: expect.stringMatching(/^2026/) as string,
      at: new Date(stage.now()).toISOString(),
      command: "restore",
      entries: [
        { ...entry, key: "a", action: "restored", tombstone: tombstones[0]?.id },
        { ...entry, registry: foreign.registry, key: "7.json", action: "failed", tombstone: "s/0" },
      ],
    },
  ]);
  await restored(stage, stage.tombstones(), { store });
  expect(lines).toHaveLength(1);
});

/** Rows that were changed and stayed: their tombstones say into what. */
async function changedRows() {
  const { stage, path, gone } = await withGhosts([]);
  const rows = { a: row(gone, { id: "old-a" }), b: row(gone, { id: "old-b" }) };
  const member = (key: "a" | "b", text: string): string => `"${key}":${text}`;
  const cut = (key: "a" | "b"): string => member(key, JSON.stringify(rows[key]));
  stage.writeOld(path, `{"agents":{${cut("a")} , "x":5,${cut("b")}}}`);
  const text = stage.read(path) ?? "";
  const kept = (key: "a" | "b"): KeptMember => {
    return {
      layout: "members",
      entries: "/agents",
      form: "only",
      after: undefined,
      cut: base64(cut(key)),
      member: { start: 0, end: cut(key).length },
      replacedBy: base64(member(key, "7")),
    };
  };
  const tombstone = (key: "a" | "b", more: Partial<KeptMember> = {}): Tombstone => {
    const { id, at } = { id: `s/${key}`, at: "2026-11-20T15:00:00Z" };
    return {
      id,
      at,
      registry: path,
      format: "keyed-json",
      key,
      sessionId: undefined,
      identity: undefined,
      pid: undefined,
      reason: "superseded-by-new-start",
      detail: "",
      kept: { ...kept(key), ...more },
    };
  };
  stage.write(path, text.replace(cut("a"), member("a", "7")).replace(cut("b"), member("b", "7")));
  return { stage, path, text, tombstone };
}

test("rows that were changed are changed back, whatever the order of their tombstones", async () => {
  const { stage, path, text, tombstone } = await changedRows();
  const changed = stage.read(path);
  expect(await restored(stage, [tombstone("b"), tombstone("a")], {}, true)).toEqual(["b would-restore", "a would-restore"]);
  expect(stage.read(path)).toBe(changed);
  expect(await restored(stage, [tombstone("b"), tombstone("a")])).toEqual(["b restored", "a restored"]);
  expect(stage.read(path)).toBe(text);
});

test("a row that is something else by now, or was not changed into anything, stays as it is", async () => {
  const { stage, path, tombstone } = await changedRows();
  const now = stage.read(path);
  const { replacedBy: _, ...unchanged } = tombstone("b").kept as KeptMember;
  expect(await restored(stage, [tombstone("a", { replacedBy: base64('"a":8') }), { ...tombstone("b"), kept: unchanged }])).toEqual([
    `a newcomer: ${newcomer}`,
    `b newcomer: ${newcomer}`,
  ]);
  expect(stage.read(path)).toBe(now);
  stage.write(path, '{"agents":{"a":7,"a":7}}');
  expect(await restored(stage, [tombstone("a")])).toEqual([`a newcomer: ${newcomer}`]);
});

test("of two tombstones of one changed row the first is put back", async () => {
  const { stage, tombstone } = await changedRows();
  expect(await restored(stage, [tombstone("a"), { ...tombstone("a"), id: "t/9" }])).toEqual(["a restored", `a newcomer: ${newcomer}`]);
});

test("a changed row and one that was cut are put back in one swap", async () => {
  const { stage, path, text, tombstone } = await changedRows();
  const { id: _, ...cut } = { ...tombstone("b") };
  const b = { ...cut, id: "s/b" } as Tombstone;
  const without = (stage.read(path) ?? "").replace(',"b":7', "");
  stage.write(path, without);
  const kept = b.kept as KeptMember;
  const bytes = `,${Buffer.from(kept.cut, "base64").toString()}`;
  const { replacedBy: _gone, ...whole } = kept;
  const tombstones = [
    tombstone("a"),
    { ...b, kept: { ...whole, form: "after", after: "x", cut: base64(bytes), member: { start: 1, end: bytes.length } } as KeptMember },
  ];
  expect(await restored(stage, tombstones)).toEqual(["a restored", "b restored"]);
  expect(stage.read(path)).toBe(text);
});

const kept: KeptFile = { layout: "files", content: base64('{"pid":7}'), mode: 0o100640, uid: 3, gid: 4, modifiedAt: 1_600_000_000_000 };
function file(stage: Stage, more: Partial<Tombstone> = {}): Tombstone {
  const registry = claudesOf(stage).path;
  return {
    id: "s/0",
    at: "t",
    registry,
    format: "claude-sessions",
    key: "7.json",
    sessionId: "i",
    identity: undefined,
    pid: undefined,
    reason: "pid-gone",
    detail: "",
    kept,
    ...more,
  };
}
const putBack = (stage: Stage, tombstones: readonly Tombstone[], overrides: HostOverrides = {}, dryRun = false) =>
  restored(stage, tombstones, overrides, dryRun, claudesOf(stage));

test("a file is put back with all that its tombstone kept, and the way to it is made durable", async () => {
  const stage = simulatedStage();
  const calls: unknown[] = [];
  const overrides: HostOverrides = {
    restoreEntryFiles: async (root, files) => {
      calls.push([root, ...files.map((given) => ({ ...given, content: given.content.toString() }))]);
      return files.map(() => ({ kind: "restored" }));
    },
    syncDirectories: (root, keys) => void calls.push([root, keys]),
  };
  expect(await putBack(stage, [file(stage)], overrides)).toEqual(["7.json restored"]);
  const { path } = claudesOf(stage);
  expect(calls).toEqual([
    [path, { key: "7.json", content: '{"pid":7}', mode: 0o100640, uid: 3, gid: 4, modifiedAt: 1_600_000_000_000 }],
    [path, ["7.json"]],
  ]);
});

test("a file that is back and cannot be made durable keeps its tombstone", async () => {
  const stage = simulatedStage();
  const store = { voidTombstones: why };
  const detail = "it is back, but could not be made durable: no space left on device";
  expect(await putBack(stage, [file(stage)], { syncDirectories: why, store })).toEqual([`7.json failed: ${detail}`]);
  expect(stage.read(`${claudesOf(stage).path}/7.json`)).toBe('{"pid":7}');
  expect(await putBack(stage, [file(stage)], { syncDirectories: why, store })).toEqual([`7.json newcomer: ${newcomer}`]);
});

test("a dry run writes no file and makes nothing durable", async () => {
  const stage = simulatedStage();
  expect(await putBack(stage, [file(stage)], { restoreEntryFiles: why, syncDirectories: why }, true)).toEqual(["7.json would-restore"]);
});

const full: Host["restoreEntryFiles"] = async (_, files) =>
  files.map(() => ({ kind: "failed", error: new Error("no space left on device") }));

test("a file whose name is taken in the last moment, that cannot be written, or is of another kind, is told so", async () => {
  const stage = simulatedStage();
  expect(await putBack(stage, [file(stage)], { restoreEntryFiles: async () => [{ kind: "newcomer" }] })).toEqual([
    `7.json newcomer: ${newcomer}`,
  ]);
  expect(await putBack(stage, [file(stage)], { restoreEntryFiles: full })).toEqual(["7.json failed: no space left on device"]);
  const member: KeptMember = { layout: "members", entries: "", form: "only", after: undefined, cut: "", member: { start: 0, end: 0 } };
  const described = [file(stage, { kept: member })];
  const note = "its tombstone is of another kind of registry";
  expect(await putBack(stage, described, { restoreEntryFiles: why })).toEqual([`7.json failed: ${note}`]);
  const { stage: agents, tombstones } = await reaped(["a"]);
  const foreign = file(agents);
  expect(
    await restored(agents, [foreign, ...tombstones], { store: { voidTombstones: (_, ids) => expect(ids).not.toContain(foreign.id) } }),
  ).toEqual([`7.json failed: ${note}`, "a restored"]);
});

/** A lock that was changed into another, and stayed. */
function changedFile() {
  const stage = simulatedStage();
  const path = `${claudesOf(stage).path}/7.json`;
  stage.writeOld(path, "taken over");
  const tombstone = file(stage, { kept: { ...kept, replacedBy: base64("taken over") } });
  return { stage, path, tombstone };
}

test("a file that was changed and stayed is changed back only in the place of what it was changed into", async () => {
  const { stage, path, tombstone } = changedFile();
  const calls: unknown[] = [];
  const takeOver: HostOverrides["takeOver"] = (root, { key, state, bytes }, back) => {
    calls.push([root, key, state.size, bytes?.toString(), back.content.toString(), back.mode]);
    return { kind: "won" };
  };
  expect(await putBack(stage, [tombstone], { takeOver: why }, true)).toEqual(["7.json would-restore"]);
  expect(await putBack(stage, [tombstone], { takeOver })).toEqual(["7.json restored"]);
  expect(calls).toEqual([[claudesOf(stage).path, "7.json", 10, "taken over", '{"pid":7}', 0o100640]]);
  stage.writeOld(path, "another's");
  expect(await putBack(stage, [tombstone], { takeOver: why })).toEqual([`7.json newcomer: ${newcomer}`]);
  expect(await putBack(stage, [file(stage)], { takeOver: why })).toEqual([`7.json newcomer: ${newcomer}`]);
});

test.each([
  [{ kind: "lost", why: "it beat" } as const, `newcomer: ${newcomer}`],
  [{ kind: "failed", problem: "read-only file system" } as const, "failed: read-only file system"],
])("a file that cannot be changed back (%j) is told so", async (taken, outcome) => {
  const { stage, tombstone } = changedFile();
  expect(await putBack(stage, [tombstone], { takeOver: () => taken })).toEqual([`7.json ${outcome}`]);
});

test("a changed file that cannot be read now is left to whoever has it", async () => {
  const { stage, tombstone } = changedFile();
  let reads = 0;
  const readEntryFile: HostOverrides["readEntryFile"] = (...given) => {
    reads += 1;
    return reads === 1 ? stage.host.readEntryFile(...given) : { kind: "gone" };
  };
  expect(await putBack(stage, [tombstone], { readEntryFile, takeOver: why })).toEqual([`7.json newcomer: ${newcomer}`]);
  expect(seen(reads)).toEqual(seen(2));
});
