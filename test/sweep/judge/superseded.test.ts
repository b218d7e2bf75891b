import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seen, type AppServerObservation, type Carrier, type Mention, unseen } from "../../../src/core/evidence.ts";
import type { AgentProcess } from "../../../src/core/agents/agent-process.ts";
import type { Host } from "../../../src/host/host.ts";
import { readTombstones } from "../../../src/host/state/tombstones.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { fields } from "../../fields.ts";
import { idle } from "../../processes.ts";
import { newScene, sweepOnce, writeOld } from "../scene.ts";

/** Ids that no other process of the machine carries in its arguments. */
const [oldSession, newSession] = [randomUUID(), randomUUID()];
const url = "ws://127.0.0.1:1";

/** One process with a session that it left behind, and the one that it runs. */
async function superseded() {
  const { directory, path, host, target } = await newScene();
  const { pid, startTicks } = await idle();
  const row = (id: string, since: string) => ({ id, who: "auditor", pid, start: startTicks, since });
  writeOld(path, JSON.stringify({ old: row(oldSession, "2026-01-01T00:00:00Z"), new: row(newSession, "2026-01-02T00:00:00Z") }));
  const named = { ...fields, identity: "who", releasedAt: "releasedAt", releaseReason: "releaseReason" };
  const format = keyedJson({ entries: "", pattern: "", fields: named, about: "session" });
  const before = readFileSync(path, "utf8");
  const sweepWith = async (overrides: Partial<Host>, more: object = {}) => {
    const { entries } = await sweepOnce({ ...host, ...overrides }, { ...target, format, ...more });
    return {
      outcomes: entries.map(({ key, reason, action }) => `${key} ${reason} ${action}`),
      isUntouched: readFileSync(path, "utf8") === before,
    };
  };
  const agent: AgentProcess = {
    pid: 4711,
    parentPid: 1,
    processGroup: 7,
    kernelSession: 4711,
    terminal: 0,
    startTicks: "1",
    uid: 0,
    agent: "codex",
    argv: ["codex", "resume", oldSession],
  };
  /** Sees a Codex that resumes the old session, from the so-manieth look on. */
  const resumedFrom = (from: number): Host["lookAtProcesses"] => {
    let looks = 0;
    return async (question) => {
      const answer = await host.lookAtProcesses(question);
      looks += 1;
      const carrier: Carrier = {
        pid: agent.pid,
        startTicks: "1",
        uid: 0,
        comm: "codex",
        argv: agent.argv,
        exe: unseen("not asked"),
        kin: "none",
      };
      const mention: Mention = { carrier, manner: "argument", path: undefined, writes: seen(false) };
      if (!answer.seen || looks < from) return answer;
      const { mentions, table } = answer.value;
      return seen({
        ...answer.value,
        table: { ...table, agents: [agent] },
        mentions: { ...mentions, bySession: new Map([...mentions.bySession, [oldSession, [mention]]]) },
      });
    };
  };
  return { directory, host, sweepWith, resumedFrom };
}

const kept = ["old pid-alive kept", "new pid-alive kept"];
const skipped = ["old superseded-by-new-start skipped", "new pid-alive kept"];

test("what shows nowhere else is released", async () => {
  const { sweepWith } = await superseded();
  expect(await sweepWith({})).toEqual({ outcomes: ["old superseded-by-new-start released", "new pid-alive kept"], isUntouched: false });
});

test("one that is resumed in the last moment is spared, and no tombstone stays", async () => {
  const { directory, sweepWith, resumedFrom } = await superseded();
  expect(await sweepWith({ lookAtProcesses: resumedFrom(2) })).toEqual({ outcomes: skipped, isUntouched: true });
  const [file] = readdirSync(join(directory, "state", "tombstones"));
  expect(readFileSync(join(directory, "state", "tombstones", file ?? ""), "utf8")).toContain('{"void":');
});

const observations: readonly (readonly [what: string, observation: AppServerObservation, outcomes: readonly string[]])[] = [
  ["has the thread loaded", { kind: "answered", loaded: new Set([oldSession]), reads: new Map(), upMs: seen(1e9) }, kept],
  ["does not answer", { kind: "unanswered", why: "no answer in time" }, kept],
  [
    "knows nothing of it",
    { kind: "answered", loaded: new Set<string>(), reads: new Map([[oldSession, { kind: "not-loaded" }]]), upMs: seen(1e9) },
    ["old superseded-by-new-start released", "new pid-alive kept"],
  ],
];

test.each(observations)("beside an app server that %s it is judged by that, too", async (_what, observation, outcomes) => {
  const { host, sweepWith } = await superseded();
  const servers = { appServers: [{ url, connectTo: url, configured: true }] };
  // The server has been up since a boot of long ago, however short this machine has been up itself.
  const clock = () => ({ ...host.clock(), bootMs: seen(1e9) });
  expect((await sweepWith({ askAppServer: () => Promise.resolve(observation), upSince: () => 0, clock }, servers)).outcomes).toEqual(
    outcomes,
  );
});

test("when the owner comes up in the last moment the row is withheld", async () => {
  const { directory, sweepWith } = await superseded();
  let asked = 0;
  const owner = { owner: { lock: join(directory, "owner.lock") } };
  const { outcomes, isUntouched } = await sweepWith({ isLockHeld: () => seen((asked += 1) > 1) }, owner);
  expect([outcomes, isUntouched]).toEqual([["old superseded-by-new-start withheld", "new pid-alive kept"], true]);
});

test("a writer that comes between judgement and swap keeps what it wrote", async () => {
  const { host, sweepWith } = await superseded();
  const late: Host["replaceJudged"] = (file, pieces, lastLook) => {
    writeOld(file.realPath, '{"written":"late"}');
    return host.replaceJudged(file, pieces, lastLook);
  };
  expect((await sweepWith({ replaceJudged: late })).outcomes).toEqual(skipped);
});

test("a row whose tombstone has no room stays as it is, and one behind it that has room is released with its own", async () => {
  const { directory, path, host, target } = await newScene();
  const [first, second] = [await idle(), await idle()];
  const row = (who: string, { pid, startTicks }: typeof first, id: string, since: string, more: object = {}) => ({
    id,
    who,
    pid,
    start: startTicks,
    since,
    ...more,
  });
  const [older, newer] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
  const rows = {
    large: row("auditor", first, "a-old", older, { note: "x".repeat(5000) }),
    auditor: row("auditor", first, "a-new", newer),
    small: row("gardener", second, "g-old", older),
    gardener: row("gardener", second, "g-new", newer),
  };
  writeOld(path, JSON.stringify(rows));
  const named = { ...fields, identity: "who", releasedAt: "releasedAt", releaseReason: "releaseReason" };
  const format = keyedJson({ entries: "", pattern: "", fields: named, about: "session" });
  const store = { ...host.store, tombstoneRoom: () => 3000 };
  const { entries } = await sweepOnce({ ...host, store }, { ...target, format });
  expect(entries.map(({ key, action }) => `${key} ${action}`)).toEqual([
    "large pending",
    "auditor kept",
    "small released",
    "gardener kept",
  ]);
  const now = JSON.parse(readFileSync(path, "utf8")) as Record<string, object>;
  expect(now["large"]).toEqual(rows.large);
  expect(now["small"]).toMatchObject({ releaseReason: "superseded_by_new_start" });
  expect(readTombstones(join(directory, "state")).map(({ key }) => key)).toEqual(["small"]);
});
