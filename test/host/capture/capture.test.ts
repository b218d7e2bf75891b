import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import { dropDirectory, leftDirectory } from "../../../src/host/capture/own-directory.ts";
import { quarantine, type JudgedFile } from "../../../src/host/capture/quarantine.ts";
import { readEntryFile } from "../../../src/host/files/entries/entry-files.ts";
import { temporaryName } from "../../../src/host/files/leftovers.ts";
import { codeOf, openIn, scratchDirectory, unused } from "../scratch.ts";

const path = process.env["PATH"] ?? "";
afterEach(() => {
  process.env["PATH"] = path;
});

const text = '{"pid":77}';

function entry(key = "77.json", root = scratchDirectory()): { readonly root: string; readonly at: string; readonly judged: JudgedFile } {
  const at = join(root, key);
  mkdirSync(join(at, ".."), { recursive: true });
  writeFileSync(at, text);
  utimesSync(at, 1_600_000_000, 1_600_000_000);
  const read = readEntryFile(root, key);
  if (read.kind !== "read") throw new Error(`${key} was not read`);
  return { root, at, judged: { key, state: read.state, bytes: read.bytes } };
}

/** Replaces perl, which drops what nobody has open, by a script. */
function perl(script: string): void {
  const bin = join(scratchDirectory(), "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "perl"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "perl"), 0o755);
  process.env["PATH"] = `${bin}${delimiter}${path}`;
}

/** The same times as before, so that only what was done besides can be noticed. */
function unnoticed(file: string, change: (file: string) => void): void {
  const { atimeMs, mtimeMs } = statSync(file);
  change(file);
  utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
}

const changes: readonly (readonly [what: string, change: (file: string) => void])[] = [
  ["that was lengthened", (file) => unnoticed(file, () => appendFileSync(file, " "))],
  ["that was touched", (file) => utimesSync(file, 1_600_000_001, 1_600_000_001)],
  [
    "that is another of the same content and time",
    (file) => {
      const { atimeMs, mtimeMs } = statSync(file);
      renameSync(file, `${file}.old`);
      writeFileSync(file, text);
      utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
    },
  ],
  [
    "that has become a symbolic link",
    (file) => {
      renameSync(file, `${file}.old`);
      symlinkSync(`${file}.old`, file);
    },
  ],
];

test.each(changes)("a file %s since it was judged is not even moved aside", (_what, change) => {
  const { root, at, judged } = entry();
  change(at);
  const was = lstatSync(at, { bigint: true });
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "changed" }]);
  const now = lstatSync(at, { bigint: true });
  expect([now.ino, now.ctimeNs]).toEqual([was.ino, was.ctimeNs]);
  expect(readdirSync(root).filter((name) => name.includes("sessreap"))).toEqual([]);
});

const withPerl: readonly (readonly [what: string, script: string | undefined])[] = [
  ["under a lease", undefined],
  ["without a lease", "exit 1"],
];
test.each(withPerl)("%s a file of the same size and time that says something else goes back", (_what, script) => {
  const { root, at, judged } = entry();
  unnoticed(at, () => writeFileSync(at, '{"pid":78}'));
  if (script !== undefined) perl(script);
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "changed" }]);
  expect(readdirSync(root)).toEqual(["77.json"]);
  expect(readFileSync(at, "utf8")).toBe('{"pid":78}');
});

test("a file that nobody read is told by its state alone", () => {
  const { root, at, judged } = entry();
  unnoticed(at, () => writeFileSync(at, '{"pid":78}'));
  expect(captureEntries(root, [{ ...judged, bytes: undefined }], unused)).toEqual([{ kind: "dropped" }]);
  expect(readdirSync(root)).toEqual([]);
});

test("a file that nobody read, and whose state is another, stays", () => {
  const { root, at, judged } = entry();
  appendFileSync(at, " ");
  expect(captureEntries(root, [{ ...judged, bytes: undefined }], unused)).toEqual([{ kind: "changed" }]);
  expect(existsSync(at)).toBe(true);
});

test("files of many directories are answered in their order, and nothing stays open", () => {
  const root = scratchDirectory();
  const all = ["a/1.json", "b/2.json", "a/3.json", "4.json"].map((key) => entry(key, root));
  appendFileSync(join(root, "b/2.json"), " ");
  rmSync(join(root, "a/3.json"));
  expect(
    captureEntries(
      root,
      all.map(({ judged }) => judged),
      unused,
    ),
  ).toEqual([{ kind: "dropped" }, { kind: "changed" }, { kind: "gone" }, { kind: "dropped" }]);
  expect(readdirSync(root, { recursive: true }).map(String).toSorted()).toEqual(["a", "b", "b/2.json"]);
  expect(openIn(root)).toEqual([]);
});

test("a directory that has gone took its entries with it, and one that leads elsewhere is not gone through", () => {
  const root = scratchDirectory();
  const [gone, led, there] = ["a/1.json", "b/2.json", "c/3.json"].map((key) => entry(key, root).judged);
  rmSync(join(root, "a"), { recursive: true });
  renameSync(join(root, "b"), join(root, "b.real"));
  symlinkSync(join(root, "b.real"), join(root, "b"));
  expect(
    captureEntries(
      root,
      [gone, led, there].map((one) => one as JudgedFile),
      unused,
    ),
  ).toEqual([{ kind: "gone" }, { kind: "changed" }, { kind: "dropped" }]);
  expect(existsSync(join(root, "b.real/2.json"))).toBe(true);
  expect(openIn(root)).toEqual([]);
});

test("a directory that is a file by now is said", () => {
  const root = scratchDirectory();
  const { judged } = entry("a/1.json", root);
  rmSync(join(root, "a"), { recursive: true });
  writeFileSync(join(root, "a"), "");
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "failed", problem: expect.stringContaining("ENOTDIR") }]);
});

test("a file that cannot be moved aside stays, and why is said", () => {
  const { root, at, judged } = entry();
  mkdirSync(join(root, temporaryName("77.json", "held")));
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "failed", problem: expect.stringContaining("Is a directory") }]);
  expect(readFileSync(at, "utf8")).toBe(text);
});

/** What happens to a file while it is in quarantine, where perl has moved it. */
function whileHeld(script: string) {
  const { root, at, judged } = entry();
  return answered(`held="${temporaryName("77.json", "held")}"; mv 77.json "$held"; ${script}`, { root, at, judged });
}

/** What is made of a file of which perl says so. */
function answered(script: string, { root, at, judged } = entry()) {
  perl(`cd "${root}"; ${script}`);
  return { root, at, captured: captureEntries(root, [judged], unused) };
}

test("without a lease, a file that is written to while it is held goes back with what was written", () => {
  const { root, at, captured } = whileHeld('echo late >> "$held"; exit 1');
  expect(captured).toEqual([{ kind: "changed" }]);
  expect(readFileSync(at, "utf8")).toBe(`${text}late\n`);
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test("without a lease, one that is written to while a newer one takes its name leaves the name to that", () => {
  const { root, at, captured } = whileHeld('echo late >> "$held"; echo newer > 77.json; exit 1');
  expect(captured).toEqual([{ kind: "changed" }]);
  expect(readFileSync(at, "utf8")).toBe("newer\n");
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test("a file that is unchanged while a newer one takes its name is dropped, and the newer one stays", () => {
  const { root, at, captured } = whileHeld("echo newer > 77.json; exit 1");
  expect(captured).toEqual([{ kind: "dropped" }]);
  expect(readFileSync(at, "utf8")).toBe("newer\n");
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test.each([
  ["b", "busy"],
  ["c", "changed"],
  ["g", "gone"],
  ["l", "busy"],
])("a file of which perl says %s stays, and is %s", (letter, kind) => {
  const { root, at, captured } = answered(`printf ${letter}`);
  expect(captured).toMatchObject([{ kind }]);
  expect(readFileSync(at, "utf8")).toBe(text);
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test("a file of which perl says that it is stuck goes back", () => {
  const { root, captured } = whileHeld("printf s");
  expect(captured).toEqual([{ kind: "changed" }]);
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test.each(["d", "u", "?"])("a file of which perl says %s is gone in the end", (letter) => {
  const { root, captured } = answered(`${letter === "d" ? "rm 77.json; " : ""}printf '${letter}'`);
  expect(captured).toEqual([{ kind: "dropped" }]);
  expect(readdirSync(root)).toEqual([]);
});

test("a symbolic link in the place where a file was held is not followed", () => {
  const { root, at, captured } = whileHeld('rm "$held"; ln -s nowhere "$held"; exit 1');
  expect(captured).toEqual([{ kind: "changed" }]);
  expect(lstatSync(at).isSymbolicLink()).toBe(true);
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test("a FIFO in the place where a file was held is waited for by nobody", () => {
  const { root, captured } = whileHeld('rm "$held"; mkfifo "$held"; exit 1');
  expect(captured).toEqual([{ kind: "changed" }]);
  expect(readdirSync(root)).toEqual(["77.json"]);
});

test("a directory in the place where a file was held is left there, and said", () => {
  const { captured } = whileHeld('rm "$held"; mkdir "$held"; printf s');
  expect(captured).toEqual([{ kind: "failed", problem: expect.stringContaining("it is kept as .77.json.sessreap-") }]);
});

test("what is held is the judged file under another name, and only that", () => {
  const { root, at, judged } = entry();
  const held = join(root, "held");
  expect(quarantine(at, held, judged)).toBeUndefined();
  expect(readdirSync(root)).toEqual(["held"]);
  expect(quarantine(at, held, judged)).toEqual({ kind: "gone" });
  const other = entry();
  expect(quarantine(other.at, join(root, "nowhere", "held"), other.judged)).toEqual({ kind: "gone" });
  writeFileSync(join(root, "file"), "");
  expect(quarantine(other.at, join(root, "file", "held"), other.judged)).toEqual({
    kind: "failed",
    problem: expect.stringContaining("ENOTDIR"),
  });
  expect(readFileSync(other.at, "utf8")).toBe(text);
});

test("a file with a second name is dropped under the judged one only", () => {
  const { root, at, judged } = entry();
  linkSync(at, join(root, "other"));
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "dropped" }]);
  expect(readFileSync(join(root, "other"), "utf8")).toBe(text);
});

test("the directory of an entry goes with it, but never the registry's own, nor one that holds more", () => {
  const root = scratchDirectory();
  for (const name of ["empty", "full"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "full", "note"), "");
  const keys = ["empty/1.json", "full/1.json", "gone/1.json", "1.json"];
  expect(keys.map((key) => leftDirectory(root, key))).toEqual([expect.stringContaining("ownDirectory"), undefined, undefined, undefined]);
  expect(keys.map((key) => dropDirectory(root, key))).toEqual([undefined, expect.stringContaining("holds more"), undefined, undefined]);
  expect(readdirSync(root)).toEqual(["full"]);
  unlinkSync(join(root, "full", "note"));
  dropDirectory(join(root, "full"), "1.json");
  expect(readdirSync(root)).toEqual(["full"]);
});

test("a directory of an entry that leads elsewhere is left, and one that is a file is said", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "real", "deep"), { recursive: true });
  symlinkSync(join(root, "real"), join(root, "led"));
  dropDirectory(root, "led/deep/1.json");
  expect(existsSync(join(root, "real", "deep"))).toBe(true);
  writeFileSync(join(root, "file"), "");
  expect(codeOf(() => dropDirectory(root, "file/1.json"))).toBe("ENOTDIR");
});

test("under a lease that perl has, nothing is waited for", () => {
  expect(spawnSync("perl", ["-e", "1"]).status).toBe(0);
  const { root, judged } = entry();
  expect(captureEntries(root, [judged], unused)).toEqual([{ kind: "dropped" }]);
  expect(captureEntries(root, [], unused)).toEqual([]);
});
