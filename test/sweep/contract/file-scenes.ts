import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { claudesOf, fates, markersOf, restoreAll, type Actor, type Scene, type Stage } from "./stage.ts";

const minute = 60_000;
/** Its own in every run: a suite beside this one has agents on this machine, too. */
const id = randomUUID();

const record = ({ pid, startTicks }: Actor): string => `{"pid":${pid}, "sessionId":"${id}","procStart":"${startTicks}","startedAt":1.6e12}`;

/** One file an entry: what becomes of it at once, and of the file. */
async function checkFile(stage: Stage, actor: Actor, text: string, fate: string, moment: Parameters<typeof fates>[2] = {}): Promise<void> {
  const target = claudesOf(stage);
  const path = `${target.path}/${actor.pid}.json`;
  stage.writeOld(path, text);
  expect(await fates(stage, target, moment)).toEqual({ [`${actor.pid}.json`]: fate });
  expect(stage.read(path)).toBe(fate.startsWith("reaped") ? undefined : text);
}

/** Entries with a file of their own. */
export const fileScenes: readonly Scene[] = [
  [
    "a record whose process is alive",
    async (stage) => {
      const actor = await stage.alive();
      await checkFile(stage, actor, record(actor), "kept pid-alive");
    },
  ],
  [
    "a record whose process is gone, and it can be given back as it was",
    async (stage) => {
      const actor = await stage.gone();
      await checkFile(stage, actor, record(actor), "reaped pid-gone");
      expect(await restoreAll(stage, claudesOf(stage))).toEqual([`${actor.pid}.json restored`]);
      expect(stage.read(`${claudesOf(stage).path}/${actor.pid}.json`)).toBe(record(actor));
      expect(await fates(stage, claudesOf(stage))).toEqual({ [`${actor.pid}.json`]: "kept restored" });
    },
  ],
  [
    "a record whose pid belongs to another process by now",
    async (stage) => {
      const { pid } = await stage.alive();
      await checkFile(stage, { pid, startTicks: "1" }, record({ pid, startTicks: "1" }), "reaped pid-reused");
    },
  ],
  [
    "a torn record whose pid is gone, seen twice",
    async (stage) => {
      const actor = await stage.gone();
      const text = record(actor).slice(0, 20);
      await checkFile(stage, actor, text, "pending pid-gone");
      stage.later(5 * minute);
      expect(await fates(stage, claudesOf(stage))).toEqual({ [`${actor.pid}.json`]: "reaped pid-gone" });
    },
  ],
  [
    "a torn record whose pid is gone, and that somebody writes between the two looks",
    async (stage) => {
      const actor = await stage.gone();
      await checkFile(stage, actor, "{", "pending pid-gone");
      stage.later(5 * minute);
      await checkFile(stage, actor, '{"', "pending pid-gone");
    },
  ],
  [
    "a torn record whose pid is alive",
    async (stage) => {
      const actor = await stage.alive();
      await checkFile(stage, actor, "{", "kept pid-alive");
    },
  ],
  [
    "a record that names another pid than its file's name",
    async (stage) => {
      const actor = await stage.gone();
      await checkFile(stage, actor, record({ ...actor, pid: actor.pid + 1 }), "kept malformed-entry");
    },
  ],
  [
    "a record of another namespace",
    async (stage) => {
      const actor = await stage.gone();
      await checkFile(stage, actor, `{"pid":${actor.pid},"pidDomain":"linux::pid:[7]"}`, "kept foreign-pid-namespace");
    },
  ],
  [
    "a record of a process that is gone, whose session another one takes up at the last moment",
    async (stage) => {
      const actor = await stage.gone();
      await checkFile(stage, actor, record(actor), "reaped pid-gone", { meanwhile: () => stage.attach(id) });
    },
  ],
  ...(["in-place", "rename"] as const).map((manner): Scene => [
    `a record that is written anew at the last moment (${manner})`,
    async (stage) => {
      const target = claudesOf(stage);
      const actor = await stage.gone();
      const [path, newer] = [`${target.path}/${actor.pid}.json`, record({ ...actor, startTicks: "77" })];
      stage.writeOld(path, record(actor));
      const meanwhile = (): void => stage.write(path, newer, manner);
      expect(await fates(stage, target, { meanwhile })).toEqual({ [`${actor.pid}.json`]: "skipped pid-gone" });
      expect(stage.read(path)).toBe(newer);
      expect(stage.files()).toEqual([`sessions/${actor.pid}.json`]);
      expect(stage.tombstones()).toEqual([]);
    },
  ]),
  [
    "a record that somebody else removes at the last moment",
    async (stage) => {
      const target = claudesOf(stage);
      const actor = await stage.gone();
      const path = `${target.path}/${actor.pid}.json`;
      stage.writeOld(path, record(actor));
      expect(await fates(stage, target, { meanwhile: () => stage.remove(path) })).toEqual({ [`${actor.pid}.json`]: "skipped pid-gone" });
      expect(stage.tombstones()).toEqual([]);
    },
  ],
  [
    "a record that a killed sweep had set aside",
    async (stage) => {
      const target = claudesOf(stage);
      const [actor, killed] = [await stage.alive(), await stage.gone()];
      stage.writeOld(`${target.path}/.${actor.pid}.json.sessreap-${killed.pid}.held`, record(actor));
      await fates(stage, target);
      expect(stage.files()).toEqual([`sessions/${actor.pid}.json`]);
      expect(await fates(stage, target)).toEqual({ [`${actor.pid}.json`]: "kept pid-alive" });
    },
  ],
  ...(["", "{}"] as const).map((text): Scene => [
    `markers with ${text === "" ? "nothing" : "an object"} in them, of a living process and of one that is gone`,
    async (stage) => {
      const target = markersOf(stage);
      const [alive, gone] = [await stage.alive(), await stage.gone()];
      const key = ({ pid }: Actor): string => `market/beds/1.0/.in_use/${pid}`;
      for (const actor of [alive, gone]) stage.writeOld(`${target.path}/${key(actor)}`, text);
      stage.writeOld(`${target.path}/market/beds/1.0/notes/${gone.pid}`, "no marker");
      // An empty file may be one that is torn.
      const first = text === "" ? "pending pid-gone" : "reaped pid-gone";
      expect(await fates(stage, target)).toEqual({ [key(alive)]: "kept pid-alive", [key(gone)]: first });
      stage.later(5 * minute);
      await fates(stage, target);
      expect(stage.files().toSorted()).toEqual([`plugins/${key(alive)}`, `plugins/market/beds/1.0/notes/${gone.pid}`].toSorted());
    },
  ]),
];
