import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { jsonArray } from "../../../src/registries/declared/json-array.ts";
import { jsonFile } from "../../../src/registries/declared/json-file.ts";
import { jsonLines } from "../../../src/registries/declared/json-lines.ts";
import { keyedJson } from "../../../src/registries/declared/keyed-json.ts";
import { gonePid, pretend } from "../../processes.ts";
import { newScene, sweepOnce, writeOld } from "../scene.ts";

const formats = { "json-array": jsonArray, "json-file": jsonFile, "json-lines": jsonLines, "keyed-json": keyedJson };

const around = {
  "json-array": (entry: string) => `[${entry}]`,
  "json-file": (entry: string) => entry,
  "json-lines": (entry: string) => `${entry}\n`,
  "keyed-json": (entry: string) => `{"mars":${entry}}`,
} as const;

const names = Object.keys(formats) as (keyof typeof formats)[];

/** What an entry says of a live and a dead process, and what becomes of it. */
const entriesSaid: readonly (readonly [string, string, (dead: number, live: number) => string, string])[] = [
  ["the pid", "pid", (dead, live) => `{"pid":${live},"pid":${dead}}`, "undecided malformed-entry kept"],
  ["the pid, once with an escape", "pid", (dead, live) => `{"p\\u0069d":${live},"pid":${dead}}`, "undecided malformed-entry kept"],
  ["what holds the pid", "/at/pid", (dead, live) => `{"at":{"pid":${live}},"at":{"pid":${dead}}}`, "undecided malformed-entry kept"],
  ["another member", "pid", (dead) => `{"note":1,"pid":${dead},"note":2}`, "ghost pid-gone reaped"],
  ["the pid, but once deeper", "pid", (dead, live) => `{"parent":{"pid":${live}},"pid":${dead}}`, "ghost pid-gone reaped"],
];

test.each(names.flatMap((name) => entriesSaid.map((one) => [name, ...one] as const)))(
  "%s: an entry in which %s stands twice",
  async (name, _, pid, said, expected) => {
    const scene = await newScene();
    const [{ pid: live }, { pid: dead }] = [await pretend(scene.directory, ["gardener", "work"]), await gonePid()];
    const directory = join(scene.directory, "rows");
    mkdirSync(directory);
    const file = join(directory, "mars.json");
    writeOld(file, around[name](said(dead, live)));
    const format = formats[name]({ entries: "", pattern: "*.json", fields: { pid }, about: "process" });
    const target = { ...scene.target, format, path: name === "json-file" ? directory : file };
    const { entries } = await sweepOnce(scene.host, target, { policy: { ...defaultPolicy, now: true } });
    expect(entries.map(({ verdict, reason, action }) => `${verdict} ${reason} ${action}`)).toEqual([expected]);
  },
);
