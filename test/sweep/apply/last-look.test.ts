import { array, assert, asyncProperty, constantFrom, record } from "fast-check";
import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import { judge } from "../../../src/core/ladder.ts";
import type { Host } from "../../../src/host/host.ts";
import { examine } from "../../../src/sweep/examine.ts";
import { startPass } from "../../../src/sweep/pass.ts";
import { sceneOf } from "../../../src/sweep/judge/scenes.ts";
import { lastLook } from "../../../src/sweep/apply/last-look.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import type { Entry } from "../../../src/sweep/load/loaded.ts";
import { plainSweep } from "../../sweep-options.ts";
import { agentsOf, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { long, row } from "../described.ts";

const recent = new Date(Date.UTC(2026, 10, 20, 14, 59)).toISOString();
const claims = record({
  holder: constantFrom("gone", "alive", "reused", "nobody", "foreign"),
  id: constantFrom("attached", "019d0000-0000-7000-8000-000000000001", undefined),
  since: constantFrom(long, recent, "yesterday", undefined),
  boot: constantFrom("same", "other", undefined),
});

/** What a last look answers of every entry of a registry, and how many of them it judged. */
async function lookAt(stage: Stage, more: Partial<Host>, targets: readonly Target[] = [agentsOf(stage)]) {
  const options = { ...plainSweep, targets, lookAnyway: true };
  const examination = await examine(startPass(stage.host, options), options);
  const [examined] = examination.registries;
  if (examined === undefined) throw new Error("nothing was read");
  const those = [...examined.loaded.entries];
  // A last look is for ghosts; the others are here to show that they are not among those that a second judge condemns.
  const ghosts = [...examined.entries].flatMap(({ entry, judgement }) => (judgement.verdict === "ghost" ? [entry] : []));
  let judged = 0;
  const entries: Iterable<Entry> = {
    *[Symbol.iterator]() {
      for (const entry of ghosts) {
        judged += 1;
        yield entry;
      }
    },
  };
  const keys = ghosts.map(({ key }) => key);
  const { pass, evidence } = examination;
  const { back } = await lastLook({ ...pass, host: { ...stage.host, ...more } }, examined, entries);
  const dead = keys.filter((key) => !back.has(key));
  const view = { ...examined, evidence: structuredClone(evidence) };
  const anew = those.filter((entry) => {
    const { claim } = entry;
    if (!claim.ok) return false;
    return judge(sceneOf(pass, view, entry, claim)).verdict === "ghost";
  });
  return { dead: dead.toSorted(), ghosts: keys.toSorted(), anew: anew.map(({ key }) => key).toSorted(), judged };
}

test("a last look that sees the very same says of every ghost what judging it again would say", async () => {
  let spared = 0;
  const property = asyncProperty(array(claims, { minLength: 1, maxLength: 12 }), async (all) => {
    const stage = simulatedStage();
    const [gone, alive] = [await stage.gone(), await stage.alive()];
    await stage.attach("attached");
    const holders = { gone, alive, reused: { ...alive, startTicks: "1" }, nobody: undefined, foreign: gone };
    const rows = all.map(({ holder, boot, ...said }, index) => {
      const held = holders[holder] === undefined ? {} : row(holders[holder]);
      const where = { host: holder === "foreign" ? "elsewhere" : undefined, boot: boot === "same" ? stage.bootId : boot };
      return [`k${index}`, { ...held, ...said, ...where }];
    });
    stage.writeOld(`${stage.root}/agents.json`, JSON.stringify({ agents: Object.fromEntries(rows) as object }));
    const same = await lookAt(stage, {});
    const other = await lookAt(stage, { here: () => ({ ...stage.host.here(), machineId: seen("another one") }) });
    expect(same.dead).toEqual(same.ghosts);
    expect(other.dead).toEqual(same.dead);
    expect(same.anew).toEqual(same.ghosts);
    // The same is seen only where no other entry has a pid that was looked at; its pids are gone through in any case.
    expect([0, other.ghosts.length]).toContain(other.judged - same.judged);
    spared += other.judged - same.judged;
  });
  await assert(property, { numRuns: 300 });
  expect(spared).toBeGreaterThan(100);
});

const server = (url: string, configured: boolean) => ({ url, configured, connectTo: url });
const [theirs, tried] = [server("ws://127.0.0.1:1", true), server("ws://127.0.0.1:2", false)];

test.each([
  ["no server is asked where none is known", [], "a", []],
  ["a configured server is asked for the ghosts' sessions, and no other's", [theirs], "a", [[theirs.url, ["a"]]]],
  ["a server that is only tried is asked for no session by its id", [tried], "a", [[tried.url, []]]],
  [
    "of two servers only the configured one is asked by id",
    [tried, theirs],
    "a",
    [
      [tried.url, []],
      [theirs.url, ["a"]],
    ],
  ],
  ["no server is asked for ghosts that name no session", [theirs], undefined, []],
] as const)("at the last look %s", async (_what, appServers, id, expected) => {
  const stage = simulatedStage();
  const [gone, alive] = [await stage.gone(), await stage.alive()];
  const agents = { named: row(gone, { id }), unnamed: row(gone), live: row(alive, { id: "b" }) };
  stage.writeOld(`${stage.root}/agents.json`, JSON.stringify({ agents }));
  const askAppServer: Host["askAppServer"] = ({ ids }) => {
    const reads = new Map(ids.map((thread) => [thread, { kind: "not-loaded" } as const]));
    return Promise.resolve({ kind: "answered", loaded: new Set(), reads, upMs: seen(1e9) });
  };
  const host = { ...stage.host, askAppServer, upSince: () => 0 };
  const asked: (readonly [string, readonly string[]])[] = [];
  const listening: Host["askAppServer"] = (question) => {
    asked.push([question.url, question.ids]);
    return askAppServer(question);
  };
  const { dead } = await lookAt({ ...stage, host }, { askAppServer: listening }, [{ ...agentsOf(stage), appServers }]);
  expect(asked).toEqual(expected);
  expect(dead).toEqual(["named", "unnamed"]);
});
