import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { dropLeased, type LeasedFile } from "../../../src/host/capture/capture-lease.ts";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import type { JudgedFile } from "../../../src/host/capture/quarantine.ts";
import { readEntryFile } from "../../../src/host/files/entries/entry-files.ts";
import { openIn, scratchDirectory, unused } from "../scratch.ts";

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

const kinds = (root: string, files: readonly JudgedFile[]): readonly string[] =>
  captureEntries(root, files, unused).map(({ kind }) => kind);

/** Puts a program of this name before all others. */
function shadow(name: string, script: string): void {
  const bin = join(scratchDirectory(), "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  process.env["PATH"] = `${bin}${delimiter}${path}`;
}

test("a file that a process reads is dropped; one that it has open for writing is not touched", () => {
  const { root, files } = judged();
  const reading = openSync(join(root, "77.json"), "r");
  const writing = openSync(join(root, "78.json"), "r+");
  const was = statSync(join(root, "78.json"), { bigint: true });
  try {
    expect(kinds(root, files)).toEqual(["dropped", "busy"]);
    // A rename, even there and back, would have changed this time.
    expect(statSync(join(root, "78.json"), { bigint: true }).ctimeNs).toBe(was.ctimeNs);
  } finally {
    for (const fd of [reading, writing]) closeSync(fd);
  }
  expect(kinds(root, files.slice(1))).toEqual(["dropped"]);
  expect(readdirSync(root)).toEqual([]);
});

test("without perl files are dropped all the same, and none stays open", () => {
  const { root, files } = judged();
  shadow("perl", "exit 127");
  expect(kinds(root, files)).toEqual(["dropped", "dropped"]);
  expect(openIn(root)).toEqual([]);
  expect(readdirSync(root)).toEqual([]);
});

test("what a perl that was killed half way has dropped is called so, and keeps its tombstone", () => {
  const { root, files } = judged();
  shadow("perl", `rm ${root}/77.json; kill -KILL $$`);
  expect(kinds(root, files)).toEqual(["dropped", "dropped"]);
  expect(readdirSync(root)).toEqual([]);
});

test("files of many directories, with names and contents of every kind, are each told by their own", () => {
  const root = scratchDirectory();
  const keys = ["a/1", "a/ä ö.json", "b/1", "a/2", "b/-f", "b/\u{1f600}", "1"];
  for (const name of ["a", "b"]) mkdirSync(join(root, name));
  for (const [index, key] of keys.entries()) writeFileSync(join(root, key), Buffer.alloc(index * 10_000, key));
  const files = keys.map((key) => judge(root, key));
  const fd = openSync(join(root, "b/1"), "r+");
  try {
    const expected = keys.map((key) => (key === "b/1" ? "busy" : "dropped"));
    expect(kinds(root, files)).toEqual(expected);
  } finally {
    closeSync(fd);
  }
  expect(readdirSync(root, { recursive: true }).map(String).toSorted()).toEqual(["a", "b", "b/1"]);
});

const whats = ["judged", "large", "other", "longer", "shorter", "touched", "gone", "link", "fifo", "directory", "read", "written"] as const;

/** Files of each kind, all to be dropped in one go; answers what became of them. */
function droppedByKind(): Readonly<Record<string, string>> {
  const root = scratchDirectory();
  const open: number[] = [openSync(root, "r")];
  const files = whats.map((what): LeasedFile => {
    const [name, bytes] = [`${what}.json`, Buffer.alloc(what === "large" ? 65_536 : 9, "x")];
    const at = join(root, name);
    const said = { other: "y".repeat(bytes.length), longer: `${bytes.toString()}x`, shorter: bytes.toString().slice(1) };
    if (what === "link") symlinkSync("nowhere", at);
    else if (what === "fifo") spawnSync("mkfifo", [at]);
    else if (what === "directory") mkdirSync(at);
    else writeFileSync(at, what in said ? said[what as keyof typeof said] : bytes);
    if (what === "read" || what === "written") open.push(openSync(at, what === "read" ? "r" : "r+"));
    const state = lstatSync(at);
    if (what === "gone") rmSync(at);
    if (what === "touched") utimesSync(at, 5, 5);
    return { directoryFd: open[0] as number, name, quarantined: `.${what}.held`, next: undefined, state, bytes };
  });
  const answers = dropLeased(files).map((answer) => (typeof answer === "string" ? answer : answer.problem));
  for (const fd of open) closeSync(fd);
  const left = readdirSync(root);
  expect(left.filter((name) => name.startsWith("."))).toEqual([]);
  return Object.fromEntries(whats.map((what, at) => [what, `${answers[at]}, ${left.includes(`${what}.json`) ? "there" : "not there"}`]));
}

test("of files of every kind only those go that are the judged ones, and that no process writes to", () => {
  expect(droppedByKind()).toEqual({
    judged: "dropped, not there",
    large: "dropped, not there",
    other: "changed, there",
    longer: "changed, there",
    shorter: "changed, there",
    touched: "changed, there",
    gone: "gone, not there",
    link: "changed, there",
    fifo: "changed, there",
    directory: "changed, there",
    read: "dropped, not there",
    written: "busy, there",
  });
});

test("a file that is lengthened or shortened right before perl looks at it stays", () => {
  for (const change of ['printf " " >> "$f"', ': > "$f"']) {
    const { root, files } = judged();
    const real =
      path
        .split(delimiter)
        .map((at) => join(at, "perl"))
        .find((at) => existsSync(at)) ?? "";
    shadow("perl", `f=${root}/77.json; ${change}; exec ${real} "$@"`);
    expect(kinds(root, files)).toEqual(["changed", "dropped"]);
    process.env["PATH"] = path;
    expect(readdirSync(root)).toEqual(["77.json"]);
  }
});

test("files with more content than is handed over at once are dropped in several goes", () => {
  const root = scratchDirectory();
  const sizes = { "1": 16 * 1024 * 1024, "2": 9, "3": 9 };
  for (const [name, size] of Object.entries(sizes)) writeFileSync(join(root, name), Buffer.alloc(size, "x"));
  const fd = openSync(root, "r");
  const files = Object.entries(sizes).map(([name, size]): LeasedFile => {
    const state = lstatSync(join(root, name));
    return { directoryFd: fd, name, quarantined: `.${name}`, next: undefined, state, bytes: Buffer.alloc(size, "x") };
  });
  try {
    expect(dropLeased(files)).toEqual(["dropped", "dropped", "dropped"]);
  } finally {
    closeSync(fd);
  }
  expect(readdirSync(root)).toEqual([]);
});

test("more files than are handed over at once are dropped, each by its own answer", () => {
  const root = scratchDirectory();
  const keys = Array.from({ length: 2100 }, (_, nth) => `${nth}.json`);
  for (const key of keys) writeFileSync(join(root, key), key);
  const files = keys.map((key) => judge(root, key));
  const open = ["1.json", "1030.json", "2099.json"];
  const fds = open.map((key) => openSync(join(root, key), "r+"));
  try {
    const expected = keys.map((key) => (open.includes(key) ? "busy" : "dropped"));
    expect(kinds(root, files)).toEqual(expected);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
  expect(readdirSync(root).toSorted()).toEqual(open.toSorted());
});
