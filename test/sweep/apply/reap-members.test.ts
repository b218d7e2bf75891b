import { expect, test } from "vitest";
import type { Host } from "../../../src/host/host.ts";
import type { KeptMember } from "../../../src/core/tombstone.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { fields } from "../../fields.ts";
import { agentsOf, type Stage } from "../contract/stage.ts";
import { hostWith, keysIn, row, outcomesOf, sweepWith, why, withGhosts, type HostOverrides } from "../described.ts";

const failing = (problem: string): Pick<Host, "replaceJudged"> => ({ replaceJudged: () => Promise.resolve({ kind: "failed", problem }) });

test("ghosts are reaped in one swap, each with a tombstone of its own in their order", async () => {
  const { stage, path } = await withGhosts(["a", "b", "c"]);
  let swaps = 0;
  const counted: Host["replaceJudged"] = (...given) => {
    swaps += 1;
    return stage.host.replaceJudged(...given);
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged: counted });
  const { sweepId } = report;
  expect(outcomesOf(report)).toEqual(["a reaped", "b reaped", "c reaped", "live kept"]);
  expect(report.entries.map(({ tombstone }) => tombstone)).toEqual([`${sweepId}/0`, `${sweepId}/1`, `${sweepId}/2`, null]);
  expect(stage.tombstones().map(({ id, key, sessionId }) => [id, key, sessionId])).toEqual([
    [`${sweepId}/0`, "a", "id-a"],
    [`${sweepId}/1`, "b", "id-b"],
    [`${sweepId}/2`, "c", "id-c"],
  ]);
  expect([swaps, keysIn(stage, path), report.exitCode]).toEqual([1, ["live"], 0]);
});

test("trouble after the swap is said of each that was reaped", async () => {
  const { stage } = await withGhosts(["a", "b"]);
  const replaceJudged: Host["replaceJudged"] = async (...given) => {
    await stage.host.replaceJudged(...given);
    return { kind: "replaced", problem: "it was swapped, but afterwards: input/output error" };
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged });
  const note = "it was swapped, but afterwards: input/output error";
  expect(outcomesOf(report)).toEqual([`a reaped; ${note}`, `b reaped; ${note}`, "live kept"]);
});

test("a swap that fails keeps every ghost, says why, and leaves no tombstone", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const report = await sweepWith(stage, [agentsOf(stage)], failing("read-only file system"));
  expect(outcomesOf(report)).toEqual(["a failed; read-only file system", "b failed; read-only file system", "live kept"]);
  expect(report.registries).toMatchObject([{ state: "failed", problem: "read-only file system" }]);
  expect([stage.tombstones(), keysIn(stage, path), report.exitCode]).toEqual([[], ["a", "b", "live"], 3]);
});

test("a tombstone that cannot be taken back is said of its entry", async () => {
  const { stage } = await withGhosts(["a"]);
  const report = await sweepWith(stage, [agentsOf(stage)], { ...failing("read-only file system"), store: { voidTombstones: why } });
  expect(outcomesOf(report)).toEqual([
    "a failed; read-only file system; its tombstone could not be taken back: no space left on device",
    "live kept",
  ]);
  expect(stage.tombstones()).toHaveLength(1);
});

test("without a tombstone nothing is swapped", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const never: Host["replaceJudged"] = () => Promise.reject(new Error("it was swapped"));
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged: never, store: { writeTombstones: why } });
  const note = "no tombstone could be written: no space left on device";
  expect(outcomesOf(report)).toEqual([`a failed; ${note}`, `b failed; ${note}`, "live kept"]);
  expect(keysIn(stage, path)).toEqual(["a", "b", "live"]);
});

/** Before each swap, the file is changed, so that none takes place. */
function changing(stage: Stage, change: (round: number) => void) {
  const rounds = { made: 0, tombstones: [] as (readonly string[])[] };
  const replaceJudged: Host["replaceJudged"] = () => {
    rounds.made += 1;
    rounds.tombstones.push(stage.tombstones().map(({ key }) => key));
    change(rounds.made);
    return Promise.resolve({ kind: "changed" });
  };
  return { rounds, replaceJudged };
}

test("a file that changes again and again is given way to three times", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const text = stage.read(path) ?? "";
  const { rounds, replaceJudged } = changing(stage, (round) => stage.write(path, `${text}${" ".repeat(round)}`));
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged });
  expect(outcomesOf(report)).toEqual([
    "a skipped; its file changed again and again",
    "b skipped; its file changed again and again",
    "live kept",
  ]);
  expect(report.registries).toMatchObject([{ state: "changed" }]);
  expect([rounds.made, rounds.tombstones, stage.tombstones()]).toEqual([
    3,
    [
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ],
    [],
  ]);
});

test.each([
  ["cannot be understood any more", "{"],
  ["is no object any more", "[]"],
])("a file that %s is left to its writer", async (_what, text) => {
  const { stage, path } = await withGhosts(["a"]);
  const { rounds, replaceJudged } = changing(stage, () => stage.write(path, text));
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged });
  expect(outcomesOf(report)).toEqual(["a skipped; its file changed and could not be read again", "live kept"]);
  expect([rounds.made, stage.tombstones(), stage.read(path)]).toEqual([1, [], text]);
});

test("of a file that changed, only ghosts that stand there as they were judged are tried again, in its new order", async () => {
  const { stage, path, gone } = await withGhosts(["gone", "twice", "changed", "b", "a"]);
  let rounds = 0;
  const replaceJudged: Host["replaceJudged"] = (...given) => {
    rounds += 1;
    if (rounds > 1) return stage.host.replaceJudged(...given);
    const ghost = (key: string): string => `"${key}":${JSON.stringify(row(gone, { id: `id-${key}` }))}`;
    const changed = `"changed":${JSON.stringify(row(gone, { id: "another" }))}`;
    stage.write(path, `{"agents":{"new":5,${ghost("a")},${ghost("twice")},${changed},${ghost("b")},${ghost("twice")}}}`);
    return Promise.resolve({ kind: "changed" });
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged });
  const note = "skipped; it changed since it was judged";
  expect(outcomesOf(report)).toEqual([`gone ${note}`, `twice ${note}`, `changed ${note}`, "b reaped", "a reaped", "live kept"]);
  expect([rounds, keysIn(stage, path)]).toEqual([2, ["new", "twice", "changed"]]);
  expect(stage.tombstones().map(({ id, key }) => `${id.slice(id.indexOf("/"))} ${key}`)).toEqual(["/5 a", "/6 b"]);
});

test("when none of the ghosts is left as it was judged, nothing more is tried", async () => {
  const { stage, path } = await withGhosts(["a"]);
  const { rounds, replaceJudged } = changing(stage, () => stage.write(path, '{"agents":{}}'));
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], { replaceJudged }))).toEqual([
    "a skipped; it changed since it was judged",
    "live kept",
  ]);
  expect(rounds.made).toBe(1);
});

test("sessions that come back before the swap are spared, each once, and the others go", async () => {
  const { stage, path } = await withGhosts(["alpha", "bravo", "gamma"]);
  let looks = 0;
  const lookAtProcesses: Host["lookAtProcesses"] = async (question) => {
    looks += 1;
    if (looks === 2) await stage.attach("id-bravo");
    return stage.host.lookAtProcesses(question);
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { lookAtProcesses });
  expect(outcomesOf(report)).toEqual(["alpha reaped", "bravo skipped; it came back to life before the swap", "gamma reaped", "live kept"]);
  expect([looks, keysIn(stage, path)]).toEqual([3, ["bravo", "live"]]);
  expect(stage.tombstones().map(({ key }) => key)).toEqual(["alpha", "gamma"]);
});

test("after a session that came back and a writer that came, what is still as it was judged goes in the third attempt", async () => {
  const { stage, path } = await withGhosts(["alpha", "bravo", "gamma"]);
  let [looks, swaps] = [0, 0];
  const overrides: HostOverrides = {
    lookAtProcesses: async (question) => {
      looks += 1;
      if (looks === 2) await stage.attach("id-bravo");
      return stage.host.lookAtProcesses(question);
    },
    replaceJudged: (...given) => {
      swaps += 1;
      if (swaps === 2) stage.write(path, (stage.read(path) ?? "").replace("id-gamma", "id-delta"));
      return stage.host.replaceJudged(...given);
    },
  };
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], overrides))).toEqual([
    "alpha reaped",
    "bravo skipped; it came back to life before the swap",
    "gamma skipped; it changed since it was judged",
    "live kept",
  ]);
  expect([swaps, keysIn(stage, path), stage.tombstones().map(({ key }) => key)]).toEqual([3, ["bravo", "gamma", "live"], ["alpha"]]);
});

test("a signal during the last look keeps all ghosts of a file, and no tombstone", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  const stop: { signal: "SIGTERM" | undefined } = { signal: undefined };
  const replaceJudged: Host["replaceJudged"] = (...given) => {
    stop.signal = "SIGTERM";
    return stage.host.replaceJudged(...given);
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged }, { stop });
  const note = "skipped; the sweep was stopped before it came to this entry";
  expect(outcomesOf(report)).toEqual([`a ${note}`, `b ${note}`, "live kept"]);
  expect([stage.tombstones(), keysIn(stage, path), report.exitCode]).toEqual([[], ["a", "b", "live"], 143]);
});

test("where tombstones cannot be taken back after a change, nothing is tried again", async () => {
  const { stage, path } = await withGhosts(["a"]);
  const { rounds, replaceJudged } = changing(stage, () => undefined);
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged, store: { voidTombstones: why } });
  expect(outcomesOf(report)).toEqual(["a failed; its tombstone could not be taken back: no space left on device", "live kept"]);
  expect([rounds.made, keysIn(stage, path), report.exitCode]).toEqual([1, ["a", "live"], 3]);
});

test("when all have come back, nothing is tried again", async () => {
  const { stage } = await withGhosts(["alpha"]);
  let swaps = 0;
  const replaceJudged: Host["replaceJudged"] = async (_file, _pieces, look) => {
    swaps += 1;
    await stage.attach("id-alpha");
    return (await look()) ? { kind: "failed", problem: "it was swapped" } : { kind: "revived" };
  };
  expect(outcomesOf(await sweepWith(stage, [agentsOf(stage)], { replaceJudged }))).toEqual([
    "alpha skipped; it came back to life before the swap",
    "live kept",
  ]);
  expect([swaps, stage.tombstones()]).toEqual([1, []]);
});

test("an owner that comes up at the last moment keeps all of its ghosts, and nothing is tried again", async () => {
  const { stage, path } = await withGhosts(["a", "b"]);
  let looks = 0;
  const lookAtProcesses: Host["lookAtProcesses"] = async (question) => {
    looks += 1;
    if (looks === 2) await stage.startOwner();
    return stage.host.lookAtProcesses(question);
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { lookAtProcesses });
  expect(outcomesOf(report)).toEqual(["a withheld; its owner came up", "b withheld; its owner came up", "live kept"]);
  expect([looks, stage.tombstones(), keysIn(stage, path)]).toEqual([2, [], ["a", "b", "live"]]);
});

const tombstonesFull = "the tombstones are full: older ones have to go first";

test.each([
  [760, ["a", "b"]],
  [450, ["a"]],
  [300, []],
])("with room for %i bytes of tombstones %j are reaped, and the others wait", async (room, reaped) => {
  const { stage, path } = await withGhosts(["a", "b", "c"]);
  const report = await sweepWith(stage, [agentsOf(stage)], { store: { tombstoneRoom: () => room } });
  const waiting = ["a", "b", "c"].filter((key) => !reaped.includes(key));
  expect(report.entries.filter(({ action }) => action === "reaped").map(({ key }) => key)).toEqual(reaped);
  expect(
    report.entries.filter(({ action, detail }) => action === "pending" && detail.endsWith(tombstonesFull)).map(({ key }) => key),
  ).toEqual(waiting);
  const ghosts = waiting.length === 1 ? "1 ghost" : `${waiting.length} ghosts`;
  expect(report.warnings).toEqual([`${ghosts} could not be reaped, for ${tombstonesFull}`]);
  expect(keysIn(stage, path)).toEqual([...waiting, "live"]);
});

const longName = "n".repeat(4096);

test("a tombstone keeps the bytes that were cut, and between which others they stood", async () => {
  const { stage, path } = await withGhosts(["a", "b", "c"]);
  const text = stage.read(path) ?? "";
  const report = await sweepWith(stage, [agentsOf(stage)]);
  expect(report.summary.reaped).toBe(3);
  const kept = stage.tombstones().map((tombstone) => tombstone.kept as KeptMember);
  expect(kept.map(({ form, after, entries }) => [form, after, entries])).toEqual([
    ["before", undefined, "/agents"],
    ["before", "a", "/agents"],
    ["before", "b", "/agents"],
  ]);
  const cuts = kept.map(({ cut }) => Buffer.from(cut, "base64").toString());
  expect(text).toContain(cuts.join(""));
  for (const [index, { member }] of kept.entries()) {
    const bytes = cuts[index] ?? "";
    expect(JSON.parse(`{${bytes.slice(member.start, member.end)}}`)).toHaveProperty(["a", "b", "c"][index] ?? "");
    expect(bytes.slice(member.end)).toBe(",");
  }
});

test.each([
  [longName, true],
  [`${longName}n`, false],
])("the name before a ghost is kept with it unless it is longer than 4096 characters", async (name, isKept) => {
  const { stage, path, gone, live } = await withGhosts([]);
  stage.writeOld(path, JSON.stringify({ agents: { [name]: row(live), ghost: row(gone) } }));
  await sweepWith(stage, [agentsOf(stage)]);
  expect(stage.tombstones().map(({ kept }) => (kept as KeptMember).after)).toEqual([isKept ? name : undefined]);
});

test("members of the whole file are kept with the pointer of the whole file", async () => {
  const { stage, path, gone } = await withGhosts([]);
  stage.writeOld(path, JSON.stringify({ ghost: row(gone) }));
  const format = keyedJson({ entries: "", pattern: "", fields, about: "session" });
  expect(outcomesOf(await sweepWith(stage, [{ ...agentsOf(stage), format }]))).toEqual(["ghost reaped"]);
  expect(stage.tombstones()).toMatchObject([
    { format: "keyed-json", registry: path, reason: "pid-gone", kept: { layout: "members", entries: "", form: "only" } },
  ]);
  expect(stage.read(path)).toBe("{}");
});

test("a file that cannot be read again after a change is not asked for more than once", async () => {
  const { stage } = await withGhosts(["a"]);
  const { rounds, replaceJudged } = changing(stage, () => undefined);
  let reads = 0;
  const readRegistryFile: Host["readRegistryFile"] = (path) => {
    if (path !== agentsOf(stage).path) return stage.host.readRegistryFile(path);
    reads += 1;
    return reads === 1 ? stage.host.readRegistryFile(path) : { kind: "unreadable", problem: "is a FIFO", cure: "name a regular file" };
  };
  const report = await sweepWith(stage, [agentsOf(stage)], { replaceJudged, readRegistryFile });
  expect(outcomesOf(report)).toEqual(["a skipped; its file changed and could not be read again", "live kept"]);
  expect([rounds.made, reads, hostWith(stage, {}).store.loadMemory().problem]).toEqual([1, 2, undefined]);
});

test("where no tombstone has room nothing is swapped", async () => {
  const { stage } = await withGhosts(["a"]);
  const report = await sweepWith(stage, [agentsOf(stage)], {
    replaceJudged: why,
    store: { tombstoneRoom: () => 100, writeTombstones: why },
  });
  expect(outcomesOf(report)).toEqual([`a pending; ${tombstonesFull}`, "live kept"]);
});
