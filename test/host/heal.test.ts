import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRegistryFile, type ReadFile } from "../../src/host/files.ts";
import { takeOver } from "../../src/host/heal.ts";

const contenders = 100;

let dir: string;
let lock: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sessreap-heal-"));
  lock = join(dir, "resume-queue.lock");
  writeFileSync(lock, '{"pid":4194304,"hostname":"old-name"}', { mode: 0o640 });
});
afterEach(() => rmSync(dir, { recursive: true }));

function judged(): ReadFile {
  const read = readRegistryFile(lock);
  if (read.kind !== "read") throw new Error(`the lock is ${read.kind}`);
  return read.file;
}

test("of many contenders for one heal exactly one wins, and the lock is his", async () => {
  const program = join(dir, "contend.cjs");
  const stdin = `
    import { existsSync } from "node:fs";
    import { readRegistryFile } from "./src/host/files.ts";
    import { takeOver } from "./src/host/heal.ts";
    const [lock, go] = process.argv.slice(2);
    const { file } = readRegistryFile(lock);
    process.stdout.write("ready\\n");
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (!existsSync(go)) Atomics.wait(pause, 0, 0, 2);
    process.stdout.write(takeOver(file, Buffer.from(JSON.stringify({ pid: process.pid, hostname: "new-name" }))).kind);`;
  await build({
    stdin: { contents: stdin, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: program,
  });
  const go = join(dir, "go");
  const racers = Array.from({ length: contenders }, () => {
    const child = spawn(process.execPath, [program, lock, go], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    const ready = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        resolve();
      });
    });
    return { child, ready, end: once(child, "close").then(() => ({ pid: child.pid, said: out.replace("ready\n", "") })) };
  });
  await Promise.all(racers.map(({ ready }) => ready));
  writeFileSync(go, "");
  const ends = await Promise.all(racers.map(({ end }) => end));
  const winners = ends.filter(({ said }) => said === "won");
  expect(winners).toHaveLength(1);
  expect(ends.filter(({ said }) => said === "lost")).toHaveLength(contenders - 1);
  expect(JSON.parse(readFileSync(lock, "utf8"))).toEqual({ pid: winners[0]?.pid, hostname: "new-name" });
  expect(readdirSync(dir).filter((name) => name.includes("sessreap"))).toEqual([]);
}, 120_000);

test("the lock keeps its mode", () => {
  expect(takeOver(judged(), Buffer.from("{}"))).toEqual({ kind: "won" });
  expect(statSync(lock).mode & 0o777).toBe(0o640);
});

test("a lock that beat since it was judged stays", () => {
  const file = judged();
  writeFileSync(lock, '{"pid":4194304,"hostname":"old-name"}');
  expect(takeOver(file, Buffer.from("{}")).kind).toBe("lost");
  expect(readFileSync(lock, "utf8")).toContain("old-name");
});

test("a claim that somebody else holds keeps the lock as it is", () => {
  writeFileSync(`${lock}.sessreap-claim`, "4711\n");
  expect(takeOver(judged(), Buffer.from("{}")).kind).toBe("lost");
  expect(readFileSync(lock, "utf8")).toContain("old-name");
});

test("a lock that is gone is not made anew", () => {
  const file = judged();
  rmSync(lock);
  expect(takeOver(file, Buffer.from("{}")).kind).toBe("lost");
  expect(readdirSync(dir)).toEqual([]);
});
