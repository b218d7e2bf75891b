import { expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import type { Host } from "../../../src/host/host.ts";
import type { Senses } from "../../../src/host/senses/senses.ts";
import { newLookout } from "../../../src/watch/lookout.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { fields } from "../../fields.ts";
import { plainSweep } from "../../sweep-options.ts";
import { claudesOf, type Actor, type Stage } from "../contract/stage.ts";
import { simulatedStage } from "../contract/stages.ts";
import { sweepWith } from "../described.ts";

const unused = (): never => {
  throw new Error("no part of this test");
};
const senses: Senses = { exits: unused, directories: unused, server: unused, after: unused, lines: seen, lastPid: () => undefined };

/** A registry of records of processes, and a watch that has read it while nothing was in it. */
async function scene(change: (host: Host) => Partial<Host> = () => ({})) {
  const stage = simulatedStage();
  const target: Target = {
    ...claudesOf(stage),
    format: keyedJson({ entries: "", pattern: "", fields, about: "process" }),
    path: `${stage.root}/agents.json`,
    owner: { argv: stage.owner },
  };
  stage.write(target.path, "{}");
  const host = { ...stage.host, ...change(stage.host) };
  const lookout = newLookout(host, senses, { ...plainSweep, targets: [target] });
  await lookout.learn([target], true);
  return { stage, target, lookout };
}

const row = (stage: Stage, { pid, startTicks }: Actor, more: object = { start: startTicks }): object => ({
  pid,
  id: `s${pid}`,
  since: new Date(stage.now()).toISOString(),
  ...more,
});

type Scene = Awaited<ReturnType<typeof scene>>;

/** What becomes of the row of a holder that has ended. */
async function fateAfter(all: Scene, holder: Actor): Promise<readonly string[]> {
  await all.stage.end(holder);
  all.lookout.exited([holder]);
  return fates(all);
}

async function fates({ stage, target, lookout }: Scene): Promise<readonly string[]> {
  const report = await sweepWith(stage, [target], {}, { command: "watch", endings: lookout.endings });
  return Array.from(report.entries, ({ key, action }) => `${key} ${action}`);
}

test.each<readonly [what: string, more: object | undefined]>([
  ["with its start", undefined],
  ["without its start", {}],
])("a holder registers %s and ends before the registry has been read in full: its row goes with it", async (_, more) => {
  const all = await scene();
  const holder = await all.stage.alive();
  all.stage.write(all.target.path, JSON.stringify({ held: row(all.stage, holder, more) }));
  await all.lookout.glance(all.target);
  expect(all.lookout.holders()).toBe(1);
  expect(await fateAfter(all, holder)).toEqual(["held reaped"]);
});

test("a row names a process with another start: it is no holder", async () => {
  const { stage, target, lookout } = await scene();
  const other = await stage.alive();
  stage.write(target.path, JSON.stringify({ held: row(stage, other, { start: "1" }) }));
  await lookout.glance(target);
  expect(lookout.holders()).toBe(0);
});

test("the process is gone when it is looked at: no end is known of it, and its row has its grace", async () => {
  const all = await scene();
  const holder = await all.stage.alive();
  all.stage.write(all.target.path, JSON.stringify({ held: row(all.stage, holder) }));
  await all.stage.end(holder);
  await all.lookout.glance(all.target);
  expect([all.lookout.holders(), await fates(all)]).toEqual([0, ["held kept"]]);
});

test("the row is written anew between the glance and the end, without a start: it is not the one whose holder ended", async () => {
  const all = await scene();
  const { stage, target } = all;
  const holder = await stage.alive();
  stage.write(target.path, JSON.stringify({ held: row(stage, holder, {}) }));
  await all.lookout.glance(target);
  stage.later(1_000);
  stage.write(target.path, JSON.stringify({ held: row(stage, holder, {}) }));
  expect(await fateAfter(all, holder)).toEqual(["held kept"]);
});

test("a reading of all that began before the row was written does not forget what the glance has found", async () => {
  let [pass, reads]: [() => void, number] = [() => undefined, 0];
  const all = await scene((host) => ({
    lookAtProcesses: async (question) => {
      const answer = await host.lookAtProcesses(question);
      reads += 1;
      if (reads === 2) await new Promise<void>((resolve) => (pass = resolve));
      return answer;
    },
  }));
  const { stage, target, lookout } = all;
  const holder = await stage.alive();
  const reading = lookout.learn([target], true);
  await new Promise((resolve) => void setImmediate(resolve));
  stage.write(target.path, JSON.stringify({ held: row(stage, holder) }));
  await lookout.glance(target);
  pass();
  await reading;
  expect(lookout.holders()).toBe(1);
  expect(await fateAfter(all, holder)).toEqual(["held reaped"]);
  stage.write(target.path, "{}");
  await lookout.learn([target], true);
  expect(lookout.holders()).toBe(0);
});

test("nothing is in it that is not known: no process is looked at", async () => {
  let looks = 0;
  const all = await scene((host) => ({
    lookAtPids: (pids) => {
      looks += 1;
      return host.lookAtPids(pids);
    },
  }));
  const holder = await all.stage.alive();
  all.stage.write(all.target.path, JSON.stringify({ held: row(all.stage, holder) }));
  for (let times = 0; times < 3; times += 1) await all.lookout.glance(all.target);
  expect(looks).toBe(1);
});
