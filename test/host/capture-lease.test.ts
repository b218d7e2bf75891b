import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { captureEntries, type JudgedFile } from "../../src/host/capture.ts";
import { readEntryFile } from "../../src/host/directory.ts";
import { scratchDirectory } from "./scratch.ts";

const path = process.env["PATH"] ?? "";
afterEach(() => {
  process.env["PATH"] = path;
});

function judge(root: string, key: string): JudgedFile {
  const read = readEntryFile(root, key);
  if (read.kind !== "read") throw new Error(`${key} was not read`);
  return { key, state: read.state, bytes: read.bytes };
}

/** Two entry files, as they were judged. */
function judged() {
  const root = scratchDirectory();
  for (const key of ["77.json", "78.json"]) writeFileSync(join(root, key), `{"of":"${key}"}`);
  return { root, files: [judge(root, "77.json"), judge(root, "78.json")] };
}

const kinds = (root: string, files: readonly JudgedFile[]): readonly string[] => captureEntries(root, files).map(({ kind }) => kind);

/** Puts a program of this name before all others. */
function shadow(name: string, script: string): void {
  const bin = join(scratchDirectory(), "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  process.env["PATH"] = `${bin}${delimiter}${path}`;
}

test("a file that somebody has open, and may yet write to, goes back; the others are dropped", () => {
  const { root, files } = judged();
  for (const flags of ["r", "r+"]) {
    const fd = openSync(join(root, "77.json"), flags);
    try {
      expect(kinds(root, [files[0] as JudgedFile])).toEqual(["changed"]);
    } finally {
      closeSync(fd);
    }
    expect(readFileSync(join(root, "77.json"), "utf8")).toBe('{"of":"77.json"}');
  }
  expect(kinds(root, files)).toEqual(["dropped", "dropped"]);
  expect(readdirSync(root)).toEqual([]);
});

test("without perl files are dropped all the same", () => {
  const { root, files } = judged();
  shadow("perl", "exit 127");
  expect(kinds(root, files)).toEqual(["dropped", "dropped"]);
  expect(readdirSync(root)).toEqual([]);
});

test("what a perl that was killed half way has dropped is called so, and keeps its tombstone", () => {
  const { root, files } = judged();
  shadow("perl", `rm ${root}/.77.json.*; kill -KILL $$`);
  expect(kinds(root, files)).toEqual(["dropped", "dropped"]);
  expect(readdirSync(root)).toEqual([]);
});
