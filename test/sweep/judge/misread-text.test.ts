import { mkdirSync, utimesSync, writeFileSync, symlinkSync, lutimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultPolicy } from "../../../src/core/policy.ts";
import { symlink } from "../../../src/registries/declared/symlink.ts";
import { textFile } from "../../../src/registries/declared/text-file.ts";
import { gonePid, pretend } from "../../processes.ts";
import { newScene, sweepOnce } from "../scene.ts";

const shape = { entries: "", fields: {}, about: "process" } as const;

test.each<[string, "text" | "link", string, (dead: number, live: number) => string, string]>([
  ["pid= is read out of ppid=", "text", "*pid=<pid>", (dead, live) => `pid=${live}\nppid=${dead}\n`, "undecided kept"],
  ["a number behind any text", "text", "*=<pid>", (dead, live) => `pid=${live}\nppid=${dead}\n`, "ghost withheld"],
  ["the second of two numbers", "text", "* <pid>", (dead, live) => `${live} ${dead}\n`, "ghost withheld"],
  ["a pid that is called so", "text", "pid=<pid>\n*", (dead, live) => `pid=${dead}\nppid=${live}\n`, "ghost reaped"],
  ["the only number", "text", "*pid=<pid>", (dead) => `host=a\npid=${dead}\n`, "ghost reaped"],
  ["the last number of a link", "link", "*.<pid>", (dead, live) => `mars:${live}.${dead}`, "ghost withheld"],
  ["the only number of a link", "link", "*.<pid>", (dead) => `mars.${dead}`, "ghost reaped"],
])("%s of a dead process, in a %s under %s", async (_, kind, pattern, said, expected) => {
  const scene = await newScene();
  const [{ pid: live }, { pid: dead }] = [await pretend(scene.directory, ["gardener", "work"]), await gonePid()];
  const path = join(scene.directory, "claims");
  mkdirSync(path);
  const entry = join(path, "mars.lock");
  const text = said(dead, live);
  if (kind === "link") symlinkSync(text, entry);
  else writeFileSync(entry, text);
  const at = Date.now() / 1000 - 30 * 86_400;
  (kind === "link" ? lutimesSync : utimesSync)(entry, at, at);
  const format = (kind === "link" ? symlink : textFile)({ ...shape, pattern: "*.lock", text: [pattern] });
  const target = { ...scene.target, format, path };
  const { entries } = await sweepOnce(scene.host, target, { policy: { ...defaultPolicy, now: true } });
  expect(entries.map(({ verdict, action }) => `${verdict} ${action}`)).toEqual([expected]);
});
