import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { until } from "../../processes.ts";
import { leftovers, readNow, registryIn, scratchDirectory, unused, withoutGhost } from "../scratch.ts";

const path = process.env["PATH"] ?? "";
afterEach(() => {
  process.env["PATH"] = path;
});

const programAt = (name: string): string => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
const [perl, strace] = [programAt("perl"), programAt("strace")];
if (strace === "") console.warn("strace is not here: a program that finds a file which has its name for a moment is not tried");

/** The helper's exchanges of names come so many ms late. */
function delayExchanges(ms: number): void {
  const bin = scratchDirectory();
  const inject = `-e trace=renameat2 -e inject=renameat2:delay_enter=${ms * 1000}`;
  writeFileSync(join(bin, "perl"), `#!/bin/sh\nexec ${strace} -f -qq -o /dev/null ${inject} ${perl} "$@"\n`);
  chmodSync(join(bin, "perl"), 0o755);
  process.env["PATH"] = `${bin}:${path}`;
}

/** Finds a file, and opens it as late as a process does that is held up between the two. */
function find(file: string): () => string {
  const O_PATH = 0o10000000;
  const fd = openSync(file, O_PATH);
  onTestFinished(() => closeSync(fd));
  return () => readFileSync(`/proc/self/fd/${fd}`, "utf8");
}

test.runIf(perl !== "" && strace !== "")(
  "a program that found ours in the registry's place, and opens it when a newer file is back there, reads what that says",
  async () => {
    const registry = registryIn();
    delayExchanges(1500);
    const judged = readNow(registry.path);
    const newer = '{ "live": { "pid": 1 }, "newcomer": { "pid": 3 } }\n';
    writeFileSync(`${registry.path}.newer`, newer);
    const inode = (): number => statSync(registry.path).ino;
    const late = statSync(`${registry.path}.newer`).ino;
    let isJudged = false;
    const swapping = replaceJudged(judged, withoutGhost(judged), () => Promise.resolve((isJudged = true)), unused);
    await until("the exchange is about to come", () => isJudged);
    await new Promise((resolve) => void setTimeout(resolve, 500));
    renameSync(`${registry.path}.newer`, registry.path);
    await until("ours is in the registry's place", () => inode() !== late);
    const read = find(registry.path);
    expect(await swapping).toEqual({ kind: "changed" });
    expect([inode(), read(), leftovers(registry)]).toEqual([late, newer, []]);
  },
);
