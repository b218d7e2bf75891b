import * as fc from "fast-check";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { captureEntries } from "../../../src/host/capture/capture.ts";
import { restoreEntryFiles } from "../../../src/host/capture/restore-entry.ts";
import { listDirectory } from "../../../src/host/files/entries/directory.ts";
import { readEntryFile } from "../../../src/host/files/entries/entry-files.ts";
import {
  clearAway,
  parseTemporary,
  putBack,
  recoverQuarantined,
  removeLeftovers,
  swapName,
  temporaryName,
} from "../../../src/host/files/leftovers.ts";
import { startOfPid } from "../../../src/host/processes/threads.ts";
import { replaceJudged } from "../../../src/host/swap/swap.ts";
import { before, content, dead, leftovers, openIn, readNow, registryIn, scratchDirectory, withoutGhost } from "../scratch.ts";
import { idle, stop } from "../../processes.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: files that another user planted are not tried");

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];

/** The pid of a sweep that has ended, and of one that runs. */
const [killed, running] = [spawnSync("true").pid, process.ppid];

const [ownStart, runningStart] = [startOfPid(process.pid), startOfPid(running)];

/** The time of these tests: a second after the file was made, or so many more. */
const after = (path: string, ms = 1000): number => Number(lstatSync(path, { bigint: true }).ctimeMs) + ms;

/** Makes a file, or what `make` makes, under each of these names. */
function leave(directory: string, names: readonly string[], make: (path: string) => void = (path) => writeFileSync(path, "left")): void {
  for (const name of names) make(join(directory, name));
}

const clear = ({ path }: { readonly path: string }): void => removeLeftovers(path, after(path));
const recover = (root: string, keys: readonly string[]): readonly string[] => recoverQuarantined(root, keys, after(root));

// What the names say

test("a temporary file is named after the file that it is for, and after its maker", () => {
  const maker = `${process.pid}-${ownStart}`;
  expect(temporaryName("77.json", "held")).toBe(`.77.json.sessreap-${maker}.held`);
  expect(temporaryName("a", "new")).toBe(`.a.sessreap-${maker}.new`);
  expect(swapName("a", 7n)).toBe(`.a.sessreap-${maker}-7.swap`);
});

const ours = { maker: process.pid, makerStart: ownStart };

test("of any name that a file can have, a temporary name says it, its maker and its kind", () => {
  const fileName = fc.string({ minLength: 1, unit: "binary" }).filter((text) => !/^\.{1,2}$|[/\0]/.test(text));
  const odd = fc.constantFrom("...", "a\nb", temporaryName("a", "held"), swapName("a.json", 1n), "sessreap-1.new", " ", "a".repeat(255));
  fc.assert(
    fc.property(fc.oneof(fileName, odd), fc.bigInt(0n, 2n ** 64n - 1n), (of, ino) => {
      for (const kind of ["new", "held"] as const)
        expect(parseTemporary(temporaryName(of, kind))).toEqual({ of, ...ours, kind, madeIno: undefined });
      expect(parseTemporary(swapName(of, ino))).toEqual({ of, ...ours, kind: "swap", madeIno: ino });
    }),
  );
});

test("names of version 0.1.0 are understood, which do not say when their maker started", () => {
  const older = { of: "a.json", maker: 12, makerStart: undefined, madeIno: undefined };
  expect(parseTemporary(".a.json.sessreap-12.tmp")).toEqual({ ...older, kind: "new" });
  expect(parseTemporary(".a.json.sessreap-12.new")).toEqual({ ...older, kind: "new" });
  expect(parseTemporary(".a.json.sessreap-12.held")).toEqual({ ...older, kind: "held" });
  expect(parseTemporary(".a.json.sessreap-12-7.swap")).toEqual({ ...older, kind: "swap", madeIno: 7n });
});

/** What a user may call a file, and no sweep ever did. */
const foreign = [
  "registrations.json",
  ".registrations.json.tmp",
  ".registrations.json.new",
  `registrations.json.sessreap-${killed}.new`,
  `x.registrations.json.sessreap-${killed}.tmp`,
  `.registrations.json.sessreap-${killed}`,
  `.registrations.json.sessreap-${killed}.tmp.bak`,
  `.registrations.json.sessreap-${killed}.new~`,
  `.registrations.json.sessreap-${killed}.new\n`,
  `.registrations.json.sessreap-${killed}.HELD`,
  `.registrations.json.sessreap-${killed}.swap`,
  `.registrations.json.sessreap-${killed}-7.tmp`,
  `.registrations.json.sessreap-${killed}-7-8.new`,
  `.registrations.json.sessreap-${killed}-7-8-9.swap`,
  `.registrations.json.sessreap-${killed}--7.swap`,
  `.registrations.json.sessreap-${killed}-0x7.swap`,
  ".registrations.json.sessreap-.tmp",
  ".registrations.json.sessreap--1.tmp",
  ".registrations.json.sessreap-99999999.tmp",
  ".registrations.json.sessreap-1e3.tmp",
  ".registrations.json.sessreap-\u0661.tmp",
  `.sessreap-${killed}.new`,
  `..sessreap-${killed}`,
  // Of the directory itself, and of the one above it.
  `...sessreap-${killed}.held`,
  `....sessreap-${killed}.held`,
];

test("no other name is taken for a temporary one", () => {
  expect(foreign.filter((name) => parseTemporary(name) !== undefined)).toEqual([]);
});

// Beside a registry

/** What sweeps call, or have called, the files that a swap has beside a registry. */
const swapLeftovers = (maker: number, ino: bigint): readonly string[] =>
  [".new", ".tmp", `-${ino}.swap`, "-5.swap"].map((end) => `.registrations.json.sessreap-${maker}${end}`);

/** A registry whose inode number its own swap has, and was older than what it displaced. */
function registryWith(maker: number, make?: (path: string) => void) {
  const registry = registryIn();
  const names = swapLeftovers(maker, statSync(registry.path, { bigint: true }).ino);
  leave(registry.directory, names, make);
  utimesSync(registry.path, new Date(), new Date(Date.UTC(2100, 0)));
  return { ...registry, names: names.toSorted() };
}

test.each([
  ["a killed sweep", killed],
  ["this very process", process.pid],
])("what a swap by %s left beside a registry is removed, under new names and old ones", (_who, maker) => {
  const registry = registryWith(maker);
  leave(registry.directory, [".a", "z"]);
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual([before, [".a", "z"]]);
  expect(openIn(registry.directory)).toEqual([]);
});

test("a swap that is at work is left alone; what was not touched for a minute is no work", () => {
  const registry = registryWith(running);
  removeLeftovers(registry.path, after(join(registry.directory, registry.names[0] as string), 60_000));
  expect(leftovers(registry)).toContain(registry.names[0]);
  removeLeftovers(registry.path, after(registry.path, 60_001));
  expect([content(registry), leftovers(registry)]).toEqual([before, []]);
});

const hour = 3_600_000;

test("a swap by a process that still runs is left alone for hours; by another process that has its pid it is no work", () => {
  const registry = registryIn();
  const { ino } = statSync(registry.path, { bigint: true });
  const names = (maker: string): readonly string[] => [".new", `-${ino}.swap`].map((end) => `.registrations.json.sessreap-${maker}${end}`);
  leave(registry.directory, [...names(`${running}-${runningStart}`), ...names(`${running}-1`), ...names(`${killed}-${runningStart}`)]);
  utimesSync(registry.path, new Date(), new Date(Date.UTC(2100, 0)));
  removeLeftovers(registry.path, after(registry.path, hour));
  expect([content(registry), leftovers(registry)]).toEqual([before, names(`${running}-${runningStart}`).toSorted()]);
});

/** A late update that a swap displaced, while the sweep that made the swap was stopped between exchange and comparison. */
test("what a stopped sweep has displaced is there when it goes on, and goes back when it is killed", async () => {
  const sweeper = await idle();
  process.kill(sweeper.pid, "SIGSTOP");
  const { registry, path, ino } = displaced(1);
  const name = `.registrations.json.sessreap-${sweeper.pid}-${sweeper.startTicks}-${ino}.swap`;
  renameSync(path, join(registry.directory, name));
  removeLeftovers(registry.path, after(registry.path, hour));
  expect([content(registry), leftovers(registry)]).toEqual([before, [name]]);
  await stop(sweeper);
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual(["left", []]);
});

test("leftovers beside another registry stay", () => {
  const registry = registryIn();
  const other = `.other.json.sessreap-${killed}.new`;
  leave(registry.directory, [other]);
  clear(registry);
  expect(leftovers(registry)).toEqual([other]);
});

test("files that only look like leftovers, and those of other registries, stay", () => {
  const registry = registryIn();
  const others = [
    `.other.json.sessreap-${killed}.new`,
    `.registrations.json.bak.sessreap-${killed}.tmp`,
    `..registrations.json.sessreap-${killed}.tmp`,
    `.registrations.json.sessreap-1.json.sessreap-${killed}.tmp`,
    `.registrations.json.sessreap-${killed}.new.sessreap-${killed}.new`,
    // A registry is never in quarantine.
    `.registrations.json.sessreap-${killed}.held`,
  ];
  const names = [...foreign.slice(1), ...others];
  leave(registry.directory, names);
  clear(registry);
  expect(leftovers(registry).toSorted()).toEqual(names.toSorted());
});

test("beside a registry that is not there everything stays", () => {
  const directory = scratchDirectory();
  const names = swapLeftovers(killed, 7n);
  leave(directory, names);
  removeLeftovers(join(directory, "registrations.json"), after(directory));
  removeLeftovers(join(directory, "nowhere", "registrations.json"), after(directory));
  expect(readdirSync(directory)).toEqual(names.toSorted());
  expect(openIn(directory)).toEqual([]);
});

test("a leftover that cannot be removed does not keep the others", () => {
  const registry = registryWith(killed, (path) => (path.endsWith(".swap") ? writeFileSync(path, "left") : mkdirSync(path)));
  clear(registry);
  expect(leftovers(registry)).toEqual([`.registrations.json.sessreap-${killed}.new`, `.registrations.json.sessreap-${killed}.tmp`]);
});

test("of a symbolic link with a leftover's name only the link goes", () => {
  const outside = join(scratchDirectory(), "theirs");
  writeFileSync(outside, "theirs");
  const registry = registryWith(killed, (path) => symlinkSync(outside, path));
  clear(registry);
  expect([content(registry), leftovers(registry), readFileSync(outside, "utf8")]).toEqual([before, [], "theirs"]);
});

test("leftovers are looked for where a registry's symbolic link leads, and not beside the link", () => {
  const registry = registryWith(killed);
  const linked = scratchDirectory();
  symlinkSync(registry.path, join(linked, "registrations.json"));
  leave(linked, registry.names);
  removeLeftovers(join(linked, "registrations.json"), after(registry.path));
  expect(leftovers(registry)).toEqual([]);
  expect(leftovers({ directory: linked, path: "" }).toSorted()).toEqual(registry.names);
});

test.runIf(isRoot)("where a user's symbolic link leads, root removes what is beside that user's registry, and no other's", () => {
  const registry = registryWith(killed);
  const home = scratchDirectory();
  const link = join(home, "registrations.json");
  symlinkSync(registry.path, link);
  for (const path of [home, link]) lchownSync(path, 65534, 65534);
  removeLeftovers(link, after(registry.path));
  expect(leftovers(registry).toSorted()).toEqual(registry.names);
  for (const path of [registry.directory, registry.path]) chownSync(path, 65534, 65534);
  removeLeftovers(link, after(registry.path));
  expect(leftovers(registry)).toEqual([]);
});

type Left = { readonly text?: string; readonly mode?: number; readonly owner?: number };

/** A registry with what an unfinished swap has displaced: a file that is older or newer than the registry, in seconds. */
function displaced(seconds: number, { text = "left", mode = 0o644, owner = uid }: Left = {}) {
  const registry = registryIn();
  chmodSync(registry.path, 0o644);
  utimesSync(registry.path, 1_000, 1_000);
  const { ino } = statSync(registry.path, { bigint: true });
  const name = `.registrations.json.sessreap-${killed}-${ino}.swap`;
  const path = join(registry.directory, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  if (owner !== uid) chownSync(path, owner, gid);
  utimesSync(path, 1_000 + seconds, 1_000 + seconds);
  return { registry, path, ino, name };
}

test.each([
  [-1, {}, before],
  [0, {}, before],
  [1, {}, "left"],
  [1, { mode: 0o600 }, before],
  ...(isRoot ? ([[1, { owner: 65534 }, before]] as const) : []),
] as const)("what was displaced %i s after the swap (%j) goes back only if it is a newer registry", (seconds, how, text) => {
  const { registry } = displaced(seconds, how);
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual([text, []]);
  expect(openIn(registry.directory)).toEqual([]);
});

test("a newer file that is a symbolic link, or has a second name, is no update", () => {
  const { registry, path, name } = displaced(1);
  linkSync(path, join(registry.directory, "second"));
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual([before, ["second"]]);
  symlinkSync("second", join(registry.directory, name));
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual([before, ["second"]]);
});

test("a newer file that was displaced by another than the one in its place is old", () => {
  const { registry, path } = displaced(1);
  renameSync(path, join(registry.directory, `.registrations.json.sessreap-${killed}-7.swap`));
  clear(registry);
  expect([content(registry), leftovers(registry)]).toEqual([before, []]);
});

test("a new file is never an update, and what was cleared away is said", () => {
  const { registry, path, ino, name } = displaced(1);
  const at = (part: string): string => join(registry.directory, part);
  expect(clearAway(at, "registrations.json", "nothing", ino)).toBe("gone");
  expect(clearAway(at, "registrations.json", name, undefined)).toBe("gone");
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "newer");
  expect(clearAway(at, "registrations.json", name, ino)).toBe("put-back");
  expect(clearAway(at, "registrations.json", "registrations.json", statSync(registry.path, { bigint: true }).ino)).toBe("gone");
  expect(existsSync(registry.path)).toBe(false);
});

// Among the entries of a directory

test.each([
  ["a killed sweep", killed],
  ["this very process", process.pid],
])("an entry that %s left in quarantine goes back, and what was being made is dropped", (_who, maker) => {
  const root = scratchDirectory();
  const names = ["7.json.sessreap-M.held", "8.json.sessreap-M.new", "9.json.sessreap-M.tmp", "10.json.sessreap-M-5.swap"].map(
    (name) => `.${name.replace("M", String(maker))}`,
  );
  leave(root, names);
  expect(recover(root, names)).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect([readFileSync(join(root, "7.json"), "utf8"), statSync(join(root, "7.json")).nlink]).toEqual(["left", 1]);
  expect(openIn(root)).toEqual([]);
});

test("an entry in quarantine never takes the place of a newer one", () => {
  const root = scratchDirectory();
  const name = `.7.json.sessreap-${killed}.held`;
  leave(root, [name]);
  writeFileSync(join(root, "7.json"), "newer");
  expect(recover(root, [name])).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect(readFileSync(join(root, "7.json"), "utf8")).toBe("newer");
});

test("what a sweep at work has in quarantine is left to it for a minute", () => {
  const root = scratchDirectory();
  const name = `.7.json.sessreap-${running}.held`;
  leave(root, [name]);
  const path = join(root, name);
  for (const ms of [-3_600_000, 0, 60_000]) expect(recoverQuarantined(root, [name], after(path, ms))).toEqual([]);
  expect(readdirSync(root)).toEqual([name]);
  expect(recoverQuarantined(root, [name], after(path, 60_001))).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
});

test("other names, and files that have gone, are no trouble", () => {
  const root = scratchDirectory();
  leave(root, foreign);
  const gone = [`.8.json.sessreap-${killed}.held`, `deep/.8.json.sessreap-${killed}.held`];
  expect(recover(root, [...foreign, ...gone])).toEqual([]);
  expect(readdirSync(root)).toEqual(foreign.toSorted());
});

test("what cannot go back is said with its path, and the others go back", () => {
  const root = scratchDirectory();
  const [held, stuck, undeletable] = ["7.json.sessreap-M.held", "9.json.sessreap-M.held", "9.json.sessreap-M.new"].map(
    (name) => `.${name.replace("M", String(killed))}`,
  ) as [string, string, string];
  leave(root, [held]);
  leave(root, [stuck, undeletable], mkdirSync);
  const said = recover(root, [stuck, undeletable, held]);
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/\(EPERM\); it is kept as \.9\.json/);
  expect(said[1]).toMatch(new RegExp(`^${join(root, undeletable)}: .*\\(E[A-Z]+\\)$`));
  expect(existsSync(join(root, "7.json"))).toBe(true);
});

test("what cannot go back is kept, and is said under which name", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "held"));
  expect(putBack(join(root, "held"), join(root, "77.json"))).toMatch(/\(EPERM\); it is kept as held$/);
  expect(existsSync(join(root, "held"))).toBe(true);
});

test("an entry in quarantine below a directory goes back there, unless a symbolic link leads there by now", () => {
  const root = scratchDirectory();
  const key = `deep/.7.json.sessreap-${killed}.held`;
  mkdirSync(join(root, "real"));
  leave(root, [key.replace("deep", "real")]);
  symlinkSync("real", join(root, "deep"));
  expect(recover(root, [key])).toEqual([`${join(root, key)}: a part of its path has become a symbolic link`]);
  expect(readdirSync(join(root, "real"))).toEqual([`.7.json.sessreap-${killed}.held`]);
  expect(recover(root, [key.replace("deep", "real")])).toEqual([]);
  expect(readdirSync(join(root, "real"))).toEqual(["7.json"]);
});

test("one that was put in quarantine twice comes out one name at a time", () => {
  const root = scratchDirectory();
  const [once, twice] = [`.7.json.sessreap-${killed}.held`, `..7.json.sessreap-${killed}.held.sessreap-${killed}.held`];
  leave(root, [twice]);
  expect(recover(root, [twice])).toEqual([]);
  expect(readdirSync(root)).toEqual([once]);
  expect(recover(root, [once])).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
});

test("a leftover is no entry, whatever names the entries of a registry may have", () => {
  const root = scratchDirectory();
  const names = [".a.sessreap-1.held", ".b.sessreap-1.new", ".c.sessreap-1.tmp", ".d.sessreap-1-5.swap"];
  leave(root, ["a", ...names, ".e.sessreap-1.lock"]);
  leave(root, [".f.sessreap-1.held"], (path) => symlinkSync("a", path));
  leave(root, [".g.sessreap-1.held"], mkdirSync);
  const listing = listDirectory(root, ["*"]);
  if (listing.kind !== "listed") throw new Error(listing.kind);
  const found = Array.from({ length: listing.files.length }, (_, index) => listing.files.at(index)?.key ?? "");
  expect(new Set(found)).toEqual(new Set([".e.sessreap-1.lock", "a"]));
  expect(new Set(listing.quarantined)).toEqual(new Set(names));
  expect(listDirectory(root, ["*.json"])).toMatchObject({ quarantined: [], files: { length: 0 } });
});

// Names that leave no room for what is added to them

test("a registry whose name is too long for a temporary one is left as it is, and that is said", async () => {
  const directory = scratchDirectory();
  const path = join(directory, "r".repeat(255));
  writeFileSync(path, before);
  const file = readNow(path);
  expect(await replaceJudged(file, withoutGhost(file), dead)).toEqual({
    kind: "failed",
    problem: expect.stringContaining("name too long"),
  });
  removeLeftovers(path, after(path));
  expect([readFileSync(path, "utf8"), readdirSync(directory)]).toEqual([before, ["r".repeat(255)]]);
});

test("an entry whose name is too long for a temporary one is left as it is, and is not put back", async () => {
  const root = scratchDirectory();
  const key = "7".repeat(255);
  writeFileSync(join(root, key), "{}");
  const read = readEntryFile(root, key);
  if (read.kind !== "read") throw new Error(read.kind);
  expect(captureEntries(root, [{ key, state: read.state, bytes: read.bytes }])).toEqual([
    { kind: "failed", problem: expect.stringContaining("name too long") },
  ]);
  expect(readdirSync(root)).toEqual([key]);
  const other = { key: "8".repeat(255), content: Buffer.from("{}"), mode: 0o100600, uid, gid, modifiedAt: 0 };
  expect(await restoreEntryFiles(root, [other])).toMatchObject([{ kind: "failed", error: { code: "ENAMETOOLONG" } }]);
  expect(readdirSync(root)).toEqual([key]);
});

test("the longest name that a leftover can have is known again", () => {
  const root = scratchDirectory();
  const of = "7".repeat(255 - `..sessreap-${killed}.held`.length);
  const name = `.${of}.sessreap-${killed}.held`;
  leave(root, [name]);
  expect(name).toHaveLength(255);
  expect(recover(root, [name])).toEqual([]);
  expect(readdirSync(root)).toEqual([of]);
});
