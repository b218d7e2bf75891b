import { expect, test } from "vitest";
import { seen, unseen } from "../../src/core/evidence.ts";
import type { Host, Store } from "../../src/host/host.ts";
import type { HistoryLine } from "../../src/host/state/history.ts";
import type { EntryReport } from "../../src/report/model/sweep.ts";
import { sweepIdAt } from "../../src/sweep/sweep-id.ts";
import { recordHistory } from "../../src/sweep/history.ts";
import { agentsOf, claudesOf, type Stage } from "./contract/stage.ts";
import { simulatedStage } from "./contract/stages.ts";
import { hostWith, keysIn, row, outcomesOf, sweepWith, why, withGhosts } from "./described.ts";

const stoppedNote = "skipped; the sweep was stopped before it came to this entry";

test("a sweep is named by the second in which it began", () => {
  expect(sweepIdAt("2026-11-20T15:01:02.345Z", "3f2a")).toBe("20261120T150102Z-3f2a");
});

test("a sweep says when, where and for how long it swept", async () => {
  const { stage } = await withGhosts(["a"]);
  let awakeMs = 100;
  const clock: Host["clock"] = () => ({ ...stage.host.clock(), awakeMs: seen((awakeMs += 5)) });
  const report = await sweepWith(stage, [agentsOf(stage)], { clock, randomSuffix: () => "00ff" });
  expect(report).toMatchObject({
    command: "sweep",
    dryRun: false,
    sweepId: "20261120T150000Z-00ff",
    startedAt: new Date(stage.now()).toISOString(),
    host: { hostname: "venus", bootId: stage.bootId },
    refusal: null,
    warnings: [],
    exitCode: 0,
    summary: { live: 1, ghost: 1, reaped: 1 },
  });
  expect(report.durationMs).toBe(awakeMs - 105);
  expect(report).not.toHaveProperty("flapping");
  expect(report.notable.map(({ key }) => key)).toEqual(["a"]);
  expect(report.tallies).toHaveLength(1);
});

test("what cannot be told is not made up: no duration without a clock, no boot without an id", async () => {
  const { stage } = await withGhosts([]);
  const dark = unseen("denied");
  const blind: Host["clock"] = () => ({ wallMs: dark, bootMs: dark, awakeMs: dark });
  const here: Host["here"] = () => ({ ...stage.host.here(), bootId: dark });
  const report = await sweepWith(stage, [agentsOf(stage)], { clock: blind, here });
  expect(report).toMatchObject({ durationMs: 0, host: { bootId: null }, startedAt: "1970-01-01T00:00:00.000Z" });
  let asked = 0;
  const late: Host["clock"] = () => ({ ...stage.host.clock(), awakeMs: (asked += 1) === 1 ? dark : seen(7) });
  expect((await sweepWith(stage, [agentsOf(stage)], { clock: late })).durationMs).toBe(0);
});

/** What is written into the state directory, in order. */
function recording(stage: Stage): { readonly done: string[]; readonly lines: HistoryLine[]; readonly store: Partial<Store> } {
  const [done, lines] = [[] as string[], [] as HistoryLine[]];
  const { store } = stage.host;
  return {
    done,
    lines,
    store: {
      tombstoneRoom: (nowMs) => {
        done.push(nowMs === undefined ? "room, and no age" : `room at ${nowMs - stage.now()}`);
        return store.tombstoneRoom(nowMs);
      },
      writeTombstones: (...given) => {
        done.push("bury");
        store.writeTombstones(...given);
      },
      saveMemory: (memory) => {
        done.push("memory");
        return store.saveMemory(memory);
      },
      appendHistory: (line) => {
        done.push("history");
        lines.push(line);
      },
    },
  };
}

test("what a sweep has done goes into its history, and nothing else", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const { done, lines, store } = recording(stage);
  const { sweepId, startedAt } = await sweepWith(stage, [agentsOf(stage)], { store }, { command: "list" });
  expect(done).toEqual(["room, and no age", "bury", "memory", "history"]);
  const described = { registry: path, action: "reaped", reason: "pid-gone" };
  expect(lines).toEqual([
    {
      sweepId,
      at: startedAt,
      command: "list",
      entries: [
        { ...described, key: "a", tombstone: `${sweepId}/0` },
        { ...described, key: "b", tombstone: `${sweepId}/1` },
      ],
    },
  ]);
});

test("no tombstone goes for its age before sweeps have watched the clock for an hour", async () => {
  const { stage, path } = await withGhosts(["a"]);
  const { done, store } = recording(stage);
  const text = stage.read(path) ?? "";
  for (const ms of [0, 3_599_000, 1000]) {
    stage.later(ms);
    stage.writeOld(path, text);
    await sweepWith(stage, [agentsOf(stage)], { store });
  }
  expect(done.filter((one) => one.startsWith("room"))).toEqual(["room, and no age", "room, and no age", "room at 0"]);
});

test("a quiet sweep asks for no room, and leaves no line in the history", async () => {
  const { stage } = await withGhosts([]);
  const { done, store } = recording(stage);
  await sweepWith(stage, [agentsOf(stage)], { store });
  expect(done).toEqual(["memory"]);
});

test("a dry run writes nothing at all, and says what it would do", async () => {
  const { stage, path } = await withGhosts(["a"]);
  stage.writeOld(`${claudesOf(stage).path}/.7.json.sessreap-4711.held`, "{}");
  const { done, store } = recording(stage);
  const touched: string[] = [];
  const overrides = {
    store,
    removeLeftovers: () => void touched.push("leftovers"),
    recoverQuarantined: () => (touched.push("quarantined"), []),
  };
  const report = await sweepWith(stage, [agentsOf(stage), claudesOf(stage)], overrides, { dryRun: true });
  expect([outcomesOf(report), done, touched]).toEqual([["a would-reap", "live kept"], [], []]);
  expect(report).toMatchObject({ dryRun: true, exitCode: 0, summary: { ghost: 1, reaped: 0 } });
  expect(keysIn(stage, path)).toEqual(["a", "live"]);
  const found = await sweepWith(stage, [agentsOf(stage)], {}, { dryRun: true, failOnGhosts: true });
  expect(found.exitCode).toBe(10);
});

test("what cannot be kept in the state directory is said, and is no fault", async () => {
  const { stage } = await withGhosts(["a"]);
  const store = { saveMemory: () => Promise.reject(new Error("no space left on device")), appendHistory: why };
  const report = await sweepWith(stage, [agentsOf(stage)], { store });
  expect(report.warnings).toEqual([
    "what this sweep has seen could not be kept in the state directory: no space left on device",
    "its history could not be kept in the state directory: no space left on device",
  ]);
  expect([report.exitCode, outcomesOf(report)]).toEqual([0, ["a reaped", "live kept"]]);
});

const blindSelf: Host["selfTest"] = () => ({ pid: 50, ownPidSeen: { ok: false, why: "hidden" }, impossiblePidSeen: false });

test("a sweep that doubts its eyes touches nothing but its memory, and exits with 4", async () => {
  const { stage, path } = await withGhosts(["a"]);
  const { done, store } = recording(stage);
  const touched: string[] = [];
  const overrides = { selfTest: blindSelf, store, removeLeftovers: () => void touched.push("leftovers") };
  const report = await sweepWith(stage, [agentsOf(stage)], overrides);
  expect(report).toMatchObject({ refusal: "this sweep cannot see itself: hidden", exitCode: 4, warnings: [] });
  expect([done, touched, keysIn(stage, path)]).toEqual([["memory"], [], ["a", "live"]]);
  const full = await sweepWith(stage, [agentsOf(stage)], { selfTest: blindSelf, store: { saveMemory: why } });
  expect(full.warnings).toEqual(["that this sweep has seen nothing could not be kept in the state directory: no space left on device"]);
  const dry = await sweepWith(stage, [agentsOf(stage)], { selfTest: blindSelf, store: { saveMemory: why } }, { dryRun: true });
  expect([dry.warnings, dry.exitCode]).toEqual([[], 4]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a sweep that is stopped by %s leaves the rest for the next one, and exits with %i", async (signal, code) => {
  const { stage, path, gone } = await withGhosts(["a"]);
  const text = stage.read(path) ?? "";
  stage.writeOld(
    path,
    text.replace('"live"', `"absent":${JSON.stringify(row(gone, { pid: undefined, start: undefined, id: "x" }))},"live"`),
  );
  const { done, store } = recording(stage);
  const report = await sweepWith(stage, [agentsOf(stage)], { store }, { stop: { signal } });
  expect(outcomesOf(report)).toEqual([`a ${stoppedNote}`, "absent pending", "live kept"]);
  expect([report.exitCode, done]).toEqual([code, ["memory"]]);
});

test("leftovers beside each registry are removed, and what a killed sweep left in quarantine goes back where it may", async () => {
  const { stage, path } = await withGhosts([]);
  const target = claudesOf(stage);
  stage.writeOld(`${target.path}/.7.json.sessreap-4711.held`, "{}");
  const [cleared, mended] = [[] as string[], [] as string[]];
  const overrides = {
    removeLeftovers: (leftovers: string) => void cleared.push(leftovers),
    recoverQuarantined: (root: string, keys: readonly string[]) => {
      mended.push(root, ...keys);
      return ["it is stuck"];
    },
  };
  const owned = { ...target, owner: { argv: stage.owner } };
  const report = await sweepWith(stage, [agentsOf(stage), owned], overrides);
  expect(cleared).toEqual([path, target.path]);
  expect([mended, report.warnings]).toEqual([[target.path, ".7.json.sessreap-4711.held"], ["it is stuck"]]);
  mended.length = 0;
  await sweepWith(stage, [owned], { ...overrides, reportOnlyReason: () => "it is shared" });
  const actor = await stage.gone();
  stage.writeOld(`${target.path}/${actor.pid}.json`, "{}");
  await stage.startOwner();
  await sweepWith(stage, [owned], overrides);
  expect(mended).toEqual([]);
});

test("where nothing was set aside nobody mends", async () => {
  const stage = simulatedStage();
  expect((await sweepWith(stage, [claudesOf(stage)], { recoverQuarantined: why })).warnings).toEqual([]);
});

test.each([
  ["that was named", true, 1],
  ["of a well-known place", false, 0],
])("a missing registry %s", async (_what, named, code) => {
  const stage = simulatedStage();
  const report = await sweepWith(stage, [{ ...agentsOf(stage), named }]);
  expect(report).toMatchObject({
    exitCode: code,
    registries: [{ state: "missing", registrations: 0 }],
    tallies: [{ actions: { kept: 0 } }],
  });
});

test("a missing registry that was named makes a sweep of another one partial, a malformed one does wherever it is", async () => {
  const { stage } = await withGhosts(["a"]);
  const missing = { ...agentsOf(stage), path: `${stage.root}/none.json` };
  expect((await sweepWith(stage, [agentsOf(stage), missing])).exitCode).toBe(3);
  stage.writeOld(`${stage.root}/none.json`, "{");
  const report = await sweepWith(stage, [agentsOf(stage), { ...missing, named: false }]);
  expect([report.exitCode, report.registries.map(({ state }) => state)]).toEqual([3, ["swept", "malformed"]]);
});

test("a part of a registry that could not be read makes the sweep partial", async () => {
  const stage = simulatedStage();
  const listDirectory: Host["listDirectory"] = (...given) => ({
    ...stage.host.listDirectory(...given),
    problems: ["/deep: permission denied"],
  });
  const report = await sweepWith(stage, [claudesOf(stage)], { listDirectory });
  expect(report).toMatchObject({ exitCode: 3, registries: [{ problem: "/deep: permission denied" }] });
});

/** A process table that hides processes, or pids, from the sweep. */
const hiding = (stage: Stage, change: (table: object) => object): Pick<Host, "lookAtProcesses"> => ({
  lookAtProcesses: async (question) => {
    const answer = await stage.host.lookAtProcesses(question);
    return answer.seen ? seen({ ...answer.value, table: { ...answer.value.table, ...change(answer.value.table) } }) : answer;
  },
});

test("entries that are kept because processes are hidden make the sweep partial; others do not", async () => {
  const { stage, path } = await withGhosts([]);
  const hidden = hiding(stage, () => ({ complete: unseen("/proc hides processes") }));
  expect((await sweepWith(stage, [agentsOf(stage)], hidden)).exitCode).toBe(0);
  stage.writeOld(path, JSON.stringify({ agents: { absent: { id: "absent-session", since: "2026-01-01T00:00:00Z" } } }));
  const report = await sweepWith(stage, [agentsOf(stage)], hidden);
  expect(report.entries).toMatchObject([{ verdict: "undecided", reason: "process-table-blind", action: "kept" }]);
  expect(report.exitCode).toBe(3);
  const blind = await sweepWith(stage, [agentsOf(stage)], { lookAtProcesses: () => unseen("denied") });
  expect(blind.exitCode).toBe(3);
});

test("a pid that could not be looked at makes the sweep partial only where processes are hidden", async () => {
  const { stage } = await withGhosts(["a"]);
  const pids = (): object => ({ pids: new Map() });
  const seenAll = await sweepWith(stage, [agentsOf(stage)], hiding(stage, pids));
  expect(seenAll.entries.map(({ reason }) => reason)).toEqual(["pid-unseen", "pid-unseen"]);
  expect(seenAll.exitCode).toBe(0);
  const hidden = await sweepWith(
    stage,
    [agentsOf(stage)],
    hiding(stage, () => ({ ...pids(), complete: unseen("hidden") })),
  );
  expect(hidden.exitCode).toBe(3);
});

const change = (key: string, action: EntryReport["action"]): EntryReport => {
  return { registry: "/r", key, action, reason: "pid-gone", tombstone: null } as EntryReport;
};

function recorded(notable: Iterable<EntryReport>, count: number): readonly HistoryLine[] {
  const lines: HistoryLine[] = [];
  const host = hostWith(simulatedStage(), { store: { appendHistory: (line) => void lines.push(line) } });
  recordHistory(host, { sweepId: "s", at: "t", command: "sweep" }, notable, count);
  return lines;
}

test("the history tells deeds and failures, and no others", () => {
  const notable = (["reaped", "kept", "failed", "pending", "released", "skipped", "healed", "withheld"] as const).map((action) =>
    change(action, action),
  );
  const entry = { registry: "/r", reason: "pid-gone", tombstone: undefined };
  expect(recorded(notable, 4)).toEqual([
    {
      sweepId: "s",
      at: "t",
      command: "sweep",
      entries: (["reaped", "failed", "released", "healed"] as const).map((action) => ({ ...entry, key: action, action })),
    },
  ]);
  expect(recorded(notable, 0)).toEqual([]);
});

test.each([
  [1000, undefined],
  [1001, 1],
  [1500, 500],
])("of %i deeds the history tells a thousand, and how many more there were", (count, more) => {
  const notable = Array.from({ length: count }, (_, index) => change(String(index), "reaped"));
  const [line] = recorded([...notable, change("kept", "kept")], count);
  expect([line?.entries.length, line?.more]).toEqual([1000, more]);
  expect(line?.entries.at(-1)?.key).toBe("999");
});

test("registries are swept in their order, and each one's entries stand together", async () => {
  const { stage, gone } = await withGhosts(["a"]);
  const other = { ...agentsOf(stage), path: `${stage.root}/other.json` };
  stage.writeOld(other.path, JSON.stringify({ agents: { z: row(gone), y: row(gone) } }));
  const report = await sweepWith(stage, [other, agentsOf(stage)]);
  expect(outcomesOf(report)).toEqual(["z reaped", "y reaped", "a reaped", "live kept"]);
  expect(report.entries.map(({ tombstone }) => tombstone?.slice(report.sweepId.length) ?? null)).toEqual(["/0", "/1", "/2", null]);
  expect(report.registries.map(({ path, registrations }) => [path, registrations])).toEqual([
    [other.path, 2],
    [agentsOf(stage).path, 2],
  ]);
  expect(report.summary).toMatchObject({ reaped: 3, ghost: 3, live: 1 });
});

/** A registry whose owner is up and takes a ghost out when it is told to. */
async function released(keys = ["a", "b"]) {
  const { stage, path, gone } = await withGhosts(keys);
  await stage.startOwner();
  const text = stage.read(path) ?? "";
  const without = (key: string): void => {
    const { agents } = JSON.parse(stage.read(path) ?? "") as { readonly agents: Record<string, object> };
    stage.write(path, JSON.stringify({ agents: Object.fromEntries(Object.entries(agents).filter(([name]) => name !== key)) }));
  };
  const described: string[] = [];
  const runRelease: Host["runRelease"] = (command, values) => {
    described.push(`${command.join(" ")} ${values["{key}"]} ${values["{sessionId}"]}`);
    without(values["{key}"] ?? "");
    return Promise.resolve(undefined);
  };
  const target = { ...agentsOf(stage), release: ["unregister"] };
  return { stage, path, gone, text, described, target, runRelease };
}

test("an owner that is up releases each ghost when it is told to, and no tombstone is kept", async () => {
  const { stage, path, described, target, runRelease } = await released();
  const report = await sweepWith(stage, [target], { runRelease });
  expect(outcomesOf(report)).toEqual(["a released", "b released", "live kept"]);
  expect([described, stage.tombstones(), keysIn(stage, path)]).toEqual([["unregister a id-a", "unregister b id-b"], [], ["live"]]);
  expect(report.entries.map(({ tombstone }) => tombstone)).toEqual([null, null, null]);
});

test("a release that fails, does nothing, or leaves a torn file is said", async () => {
  const { stage, path, target } = await released();
  const notes = async (runRelease: Host["runRelease"]) => outcomesOf(await sweepWith(stage, [target], { runRelease }))[0];
  expect(await notes(() => Promise.resolve("it ended with 1"))).toBe("a failed; the release command failed: it ended with 1");
  expect(await notes(() => Promise.resolve(undefined))).toBe("a failed; the release command succeeded, but the entry is still there");
  expect(
    await notes(() => {
      stage.write(path, "{");
      return Promise.resolve(undefined);
    }),
  ).toContain("a failed; after the release command the registry ");
});

test("an entry that a newcomer has taken meanwhile is released; the same session under it is not", async () => {
  const { stage, path, gone, target } = await released();
  const renewed = (id: string | undefined) => async (): Promise<undefined> => {
    stage.write(path, JSON.stringify({ agents: { a: row(gone, { id, note: 1 }) } }));
    return Promise.resolve(undefined);
  };
  const notes = async (id: string | undefined) => outcomesOf(await sweepWith(stage, [target], { runRelease: renewed(id) }))[0];
  expect(await notes("another")).toBe("a released");
  const again = await released();
  const same = async (): Promise<undefined> => {
    again.stage.write(again.path, JSON.stringify({ agents: { a: row(again.gone, { id: "id-a", note: 1 }), b: 5 } }));
    return Promise.resolve(undefined);
  };
  expect(outcomesOf(await sweepWith(again.stage, [again.target], { runRelease: same }))[0]).toBe(
    "a failed; the release command succeeded, but the entry is still there",
  );
  const broken = await released();
  const torn = async (): Promise<undefined> => {
    broken.stage.write(broken.path, '{"agents":{"a":7}}');
    return Promise.resolve(undefined);
  };
  expect(outcomesOf(await sweepWith(broken.stage, [broken.target], { runRelease: torn }))[0]).toBe(
    "a failed; the release command succeeded, but the entry is still there",
  );
});

test("a key that its owner has given to a new session meanwhile is not released", async () => {
  const { stage, path, gone, described, target, runRelease } = await released();
  const renewing: Host["runRelease"] = async (...args) => {
    const problem = await runRelease(...args);
    const { agents } = JSON.parse(stage.read(path) ?? "") as { readonly agents: Record<string, object> };
    stage.write(path, JSON.stringify({ agents: { ...agents, b: row(gone, { id: "id-c" }) } }));
    return problem;
  };
  const report = await sweepWith(stage, [target], { runRelease: renewing });
  expect(outcomesOf(report)).toEqual(["a released", "b skipped; it changed since it was judged", "live kept"]);
  expect([described, keysIn(stage, path)]).toEqual([["unregister a id-a"], ["b", "live"]]);
});

test("each ghost is looked at once more before its release, and a signal is heard before it", async () => {
  const { stage, described, target, runRelease } = await released();
  const stop: { signal: "SIGINT" | undefined } = { signal: undefined };
  const counted: Host["runRelease"] = (...args) => {
    stop.signal = "SIGINT";
    return runRelease(...args);
  };
  expect(outcomesOf(await sweepWith(stage, [target], { runRelease: counted }, { stop }))).toEqual([
    "a released",
    `b ${stoppedNote}`,
    "live kept",
  ]);
  expect(described).toEqual(["unregister a id-a"]);
  const other = await released(["alpha", "bravo"]);
  let looks = 0;
  const lookAtProcesses: Host["lookAtProcesses"] = async (question) => {
    looks += 1;
    if (looks === 2) await other.stage.attach("id-alpha");
    return other.stage.host.lookAtProcesses(question);
  };
  const report = await sweepWith(other.stage, [other.target], { runRelease: other.runRelease, lookAtProcesses });
  expect(outcomesOf(report)).toEqual(["alpha skipped; it came back to life", "bravo released", "live kept"]);
});

test("while its owner is up, and nobody can release, a ghost is withheld", async () => {
  const { stage, target } = await released();
  expect(outcomesOf(await sweepWith(stage, [{ ...target, release: undefined }]))).toEqual(["a withheld", "b withheld", "live kept"]);
});
