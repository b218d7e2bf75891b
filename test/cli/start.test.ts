import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daysAgo, newScratch, writeOld, type Scratch } from "./harness.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

/** The program as it is installed, in a place of its own. */
function install({ dir }: Scratch): { readonly bin: string; readonly bundle: string; readonly compiled: string } {
  for (const name of ["bin", "dist"]) mkdirSync(join(dir, name));
  const [bin, bundle, compiled] = ["bin/sessreap.cjs", "dist/sessreap.cjs", "dist/sessreap.cache"] as const;
  for (const path of [bin, bundle, compiled]) copyFileSync(path, join(dir, path));
  return { bin: join(dir, bin), bundle: join(dir, bundle), compiled: join(dir, compiled) };
}

function run({ env }: Scratch, bin: string, words: readonly string[]): string {
  return execFileSync(process.execPath, [bin, ...words], { env, encoding: "utf8" });
}

function registry(scratch: Scratch): string {
  const entry = (days: number): object => ({ threadId: "019d7b2f-5ede-7c71-b2fd-000000000000", registeredAt: daysAgo(days) });
  return writeOld(join(scratch.dir, "registrations.json"), JSON.stringify({ old: entry(30), newer: entry(2) }));
}

test("the version is the program's own, whether the tool is started for it or not", () => {
  const scratch = newScratch();
  const { bin, bundle } = install(scratch);
  for (const words of [["--version"], ["-V"], ["--version", "--json"]]) expect(run(scratch, bin, words)).toBe(`${version}\n`);
  expect(run(scratch, bundle, ["--version"])).toBe(`${version}\n`);
});

test("what was compiled before changes nothing but the time", () => {
  const scratch = newScratch();
  const { bin, compiled } = install(scratch);
  const commands = [["--dry-run"], ["list"], ["explain", "old"]].map((words) => [...words, "--registry", registry(scratch)]);
  const all = (): readonly string[] => commands.map((words) => run(scratch, bin, words));
  const before = all();
  expect(before[0]).toContain("1 would be reaped");
  const bytes = readFileSync(compiled);
  const made = bytes.subarray(bytes.indexOf("\n") + 1);
  const under = (line: string): Buffer => Buffer.concat([Buffer.from(line), made]);
  const line = bytes.subarray(0, bytes.indexOf("\n") + 1).toString();
  const others = [
    // Of another build, of another V8, of nothing, of rubbish, and cut off.
    under(line.replace(/build [0-9a-f]{4}/, "build 0000")),
    under(line.replace(/ on .*/, " on linux x64 1.2.3")),
    Buffer.alloc(0),
    Buffer.concat([Buffer.from(line), Buffer.alloc(made.length, 7)]),
    bytes.subarray(0, bytes.length / 2),
  ];
  for (const other of others) {
    expect(other.equals(bytes)).toBe(false);
    writeFileSync(compiled, other);
    expect(all()).toEqual(before);
  }
  rmSync(compiled);
  expect(all()).toEqual(before);
});
