import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { agentsOf, fates, restoreAll, type Actor, type Scene, type Stage } from "./stage.ts";

const minute = 60_000;
const long = "2026-01-01T00:00:00Z";
/** Its own in every run: a suite beside this one has agents on this machine, too. */
const id = randomUUID();

/** A registry with one entry in question between two that stay, in a spelling that no JSON library writes. */
const around = (entry: string): string => `\uFEFF{ "v": 1.0,\r\n "agents": {"first": 5 , "it" : ${entry},\t"last": [1e400] } }`;
const without = `\uFEFF{ "v": 1.0,\r\n "agents": {"first": 5,\t"last": [1e400] } }`;
const others = { first: "kept malformed-entry", last: "kept malformed-entry" };

const entry = (members: object): string => JSON.stringify({ since: long, ...members });
const holder = ({ pid, startTicks }: Actor): object => ({ pid, start: startTicks });

/** One entry in a file with many: what becomes of it at once, and every byte of the file after that. */
async function check(stage: Stage, text: string, fate: string, moment: Parameters<typeof fates>[2] = {}): Promise<void> {
  const target = agentsOf(stage);
  stage.writeOld(target.path, around(text));
  expect(await fates(stage, target, moment)).toEqual({ ...others, it: fate });
  expect(stage.read(target.path)).toBe(fate.startsWith("reaped") ? without : around(text));
  expect(stage.files()).toEqual(["agents.json"]);
  expect(stage.tombstones().map(({ key, reason }) => `reaped ${reason} ${key}`)).toEqual(fate.startsWith("reaped") ? [`${fate} it`] : []);
}

/** Entries of one file with many, and the file itself. */
export const memberScenes: readonly Scene[] = [
  ["its holder is alive since the recorded tick", async (stage) => check(stage, entry(holder(await stage.alive())), "kept pid-alive")],
  [
    "its holder is alive, and no tick was recorded",
    async (stage) => check(stage, entry({ pid: (await stage.alive()).pid }), "kept pid-alive"),
  ],
  ["its holder is gone", async (stage) => check(stage, entry(holder(await stage.gone())), "reaped pid-gone")],
  [
    "its pid belongs to another process by now",
    async (stage) => check(stage, entry({ pid: (await stage.alive()).pid, start: "1" }), "kept start-token-unproven"),
  ],
  [
    "its pid belongs to another process by now, and an earlier sweep saw that the registry records ticks",
    async (stage) => {
      const target = agentsOf(stage);
      stage.writeOld(target.path, around(entry(holder(await stage.alive()))));
      expect(await fates(stage, target)).toEqual({ ...others, it: "kept pid-alive" });
      await check(stage, entry({ pid: (await stage.alive()).pid, start: "1" }), "reaped pid-reused");
    },
  ],
  [
    "its holder is alive, and what it calls its start are the milliseconds since 1970",
    async (stage) => check(stage, entry({ pid: (await stage.alive()).pid, start: stage.now() }), "kept start-token-unproven"),
  ],
  [
    "it was started in another boot",
    async (stage) => check(stage, entry({ ...holder(await stage.alive()), boot: randomUUID() }), "reaped previous-boot"),
  ],
  [
    "what it calls its boot is no boot id",
    async (stage) => check(stage, entry({ ...holder(await stage.alive()), boot: "of-long-ago" }), "kept pid-alive"),
  ],
  [
    "it says this boot in another spelling, and its holder is alive",
    async (stage) =>
      check(stage, entry({ ...holder(await stage.alive()), boot: stage.bootId.replaceAll("-", "").toUpperCase() }), "kept pid-alive"),
  ],
  [
    "it says this boot, and its holder is alive",
    async (stage) => check(stage, entry({ ...holder(await stage.alive()), boot: stage.bootId }), "kept pid-alive"),
  ],
  [
    "its holder is gone, but an agent has its id among its arguments",
    async (stage) => {
      await stage.attach(id);
      await check(stage, entry({ ...holder(await stage.gone()), id }), "kept attached-cli");
    },
  ],
  [
    "gone, but registered within the grace period",
    async (stage) => {
      const since = new Date(stage.now() - minute).toISOString();
      await check(stage, JSON.stringify({ ...holder(await stage.gone()), since }), "kept within-grace");
    },
  ],
  [
    "gone, and registered right before the grace period began",
    async (stage) => {
      const since = new Date(stage.now() - 11 * minute).toISOString();
      await check(stage, JSON.stringify({ ...holder(await stage.gone()), since }), "reaped pid-gone");
    },
  ],
  ["it runs on another host", async (stage) => check(stage, entry({ pid: (await stage.gone()).pid, host: "saturn" }), "kept foreign-host")],
  ["its pid is no number", (stage) => check(stage, entry({ pid: "12th" }), "kept malformed-entry")],
  [
    "two entries have its name",
    async (stage) => check(stage, `{"pid":${(await stage.gone()).pid}}, "it": {"id":"b"}`, "kept duplicate-key"),
  ],
  [
    "silent for longer than the TTL, seen twice",
    async (stage) => {
      const target = agentsOf(stage);
      stage.writeOld(target.path, around(entry({ id })));
      expect(await fates(stage, target)).toEqual({ ...others, it: "pending ttl-expired" });
      stage.later(5 * minute);
      expect(await fates(stage, target)).toEqual({ ...others, it: "reaped ttl-expired" });
      expect(stage.read(target.path)).toBe(without);
    },
  ],
  [
    "silent for longer than the TTL, and an operator does not want to wait",
    (stage) => check(stage, entry({ id }), "reaped ttl-expired", { now: true }),
  ],
  [
    "silent for longer than the TTL, and it changes between the two looks",
    async (stage) => {
      const target = agentsOf(stage);
      stage.writeOld(target.path, around(entry({ id })));
      await fates(stage, target);
      stage.later(5 * minute);
      stage.writeOld(target.path, around(entry({ id, note: 1 })));
      expect(await fates(stage, target)).toEqual({ ...others, it: "pending ttl-expired" });
    },
  ],
  [
    "its owner is up",
    async (stage) => {
      await stage.startOwner();
      await check(stage, entry(holder(await stage.gone())), "withheld pid-gone");
    },
  ],
  [
    "its owner comes up at the last moment",
    async (stage) => check(stage, entry(holder(await stage.gone())), "withheld pid-gone", { meanwhile: stage.startOwner }),
  ],
  [
    "it comes back to life at the last moment",
    async (stage) => check(stage, entry({ ...holder(await stage.gone()), id }), "skipped pid-gone", { meanwhile: () => stage.attach(id) }),
  ],
  ...(["in-place", "rename"] as const).flatMap((manner): readonly Scene[] => [
    [
      `gone, and a writer changes its neighbour at the last moment (${manner})`,
      async (stage) => {
        const target = agentsOf(stage);
        const text = entry(holder(await stage.gone()));
        stage.writeOld(target.path, around(text));
        const meanwhile = (): void => stage.write(target.path, around(text).replace("5 ,", "6 ,"), manner);
        expect(await fates(stage, target, { meanwhile })).toEqual({ ...others, it: "reaped pid-gone" });
        expect(stage.read(target.path)).toBe(without.replace("5,", "6,"));
      },
    ],
    [
      `gone, and registered anew at the last moment (${manner})`,
      async (stage) => {
        const target = agentsOf(stage);
        stage.writeOld(target.path, around(entry(holder(await stage.gone()))));
        const renewed = around(entry(holder(await stage.alive())));
        expect(await fates(stage, target, { meanwhile: () => stage.write(target.path, renewed, manner) })).toMatchObject({
          it: "skipped pid-gone",
        });
        expect(stage.read(target.path)).toBe(renewed);
        expect(stage.tombstones()).toEqual([]);
      },
    ],
  ]),
  [
    "a file that is torn",
    async (stage) => {
      const target = agentsOf(stage);
      const text = around(entry(holder(await stage.gone()))).slice(0, -9);
      stage.writeOld(target.path, text);
      expect(await fates(stage, target)).toEqual({ registry: "malformed" });
      expect(stage.read(target.path)).toBe(text);
    },
  ],
  [
    "a file that is not there",
    async (stage) => {
      expect(await fates(stage, agentsOf(stage))).toEqual({ registry: "missing" });
      expect(stage.files()).toEqual([]);
    },
  ],
  [
    "a reaped entry that is given back stands where it stood, and is left alone until an operator says so",
    async (stage) => {
      const target = agentsOf(stage);
      const text = around(entry(holder(await stage.gone())));
      stage.writeOld(target.path, text);
      await fates(stage, target);
      expect(await restoreAll(stage, target)).toEqual(["it restored"]);
      expect(stage.read(target.path)).toBe(text);
      expect(stage.tombstones()).toEqual([]);
      stage.later(60 * minute);
      expect(await fates(stage, target)).toEqual({ ...others, it: "kept restored" });
      expect(await fates(stage, target, { now: true })).toEqual({ ...others, it: "reaped pid-gone" });
    },
  ],
  [
    "a reaped entry never takes the place of a newcomer",
    async (stage) => {
      const target = agentsOf(stage);
      stage.writeOld(target.path, around(entry(holder(await stage.gone()))));
      await fates(stage, target);
      const newer = around(entry(holder(await stage.alive())));
      stage.write(target.path, newer);
      expect(await restoreAll(stage, target)).toEqual(["it newcomer"]);
      expect(stage.read(target.path)).toBe(newer);
    },
  ],
];
