import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recoverQuarantined } from "../../../src/host/capture/recover.ts";
import { prepareFile, restoreEntryFile, type FileToRestore } from "../../../src/host/capture/restore-entry.ts";
import { clearAway, removeLeftovers, newFileName, swapName } from "../../../src/host/swap/leftovers.ts";
import { before, codeOf, content, leftovers, openIn, registryIn, scratchDirectory } from "../scratch.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("not root: entries of other users are not put back");

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const killed = spawnSync("true").pid;
const file: FileToRestore = { key: "7.json", content: Buffer.from('{"pid":7}'), mode: 0o100640, uid, gid, modifiedAt: 1_600_000_000_500 };

test("an entry that is put back has its content, mode and time, and nothing lies beside it", () => {
  const root = scratchDirectory();
  expect(restoreEntryFile(root, file)).toBe("restored");
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect(readFileSync(join(root, "7.json"), "utf8")).toBe('{"pid":7}');
  expect(statSync(join(root, "7.json"))).toMatchObject({ mode: 0o100640, mtimeMs: 1_600_000_000_500, nlink: 1, uid, gid });
  expect(openIn(root)).toEqual([]);
});

test.runIf(isRoot).each([
  [65534, 4343],
  [0, 4343],
  [65534, 0],
])("an entry of user %i and group %i is theirs again, set-id bits included", (user, group) => {
  const root = scratchDirectory();
  restoreEntryFile(root, { ...file, uid: user, gid: group, mode: 0o106755 });
  expect(statSync(join(root, "7.json"))).toMatchObject({ mode: 0o106755, uid: user, gid: group });
});

test("an entry whose name is taken is left to the newcomer, and nothing lies beside it", () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "7.json"), "newer");
  expect(restoreEntryFile(root, file)).toBe("newcomer");
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect(readFileSync(join(root, "7.json"), "utf8")).toBe("newer");
});

test("the way to an entry is made for its owner alone, and what stands of it stays as it is", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "a"));
  chmodSync(join(root, "a"), 0o751);
  expect(restoreEntryFile(root, { ...file, key: "a/b/c/7.json" })).toBe("restored");
  expect(["a", "a/b", "a/b/c"].map((name) => statSync(join(root, name)).mode & 0o777)).toEqual([0o751, 0o700, 0o700]);
  expect(openIn(root)).toEqual([]);
});

test("an entry in whose way a file stands is not put back, and that is said", () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "a"), "");
  expect(codeOf(() => restoreEntryFile(root, { ...file, key: "a/7.json" }))).toBe("ENOTDIR");
});

test("a file that is being put together is never one that is there, and half of one does not stay", () => {
  const root = scratchDirectory();
  const temporary = join(root, "new");
  writeFileSync(temporary, "theirs");
  expect(codeOf(() => prepareFile(temporary, file))).toBe("EEXIST");
  expect(readFileSync(temporary, "utf8")).toBe("theirs");
  expect(codeOf(() => prepareFile(join(root, "other"), { ...file, uid: -2 }))).toBe("ERR_OUT_OF_RANGE");
  expect(readdirSync(root)).toEqual(["new"]);
  symlinkSync("elsewhere", join(root, "link"));
  expect(codeOf(() => prepareFile(join(root, "link"), file))).toBe("EEXIST");
  expect(openIn(root)).toEqual([]);
});

test("an entry without any content is put back empty", () => {
  const root = scratchDirectory();
  expect(restoreEntryFile(root, { ...file, content: Buffer.alloc(0) })).toBe("restored");
  expect(statSync(join(root, "7.json")).size).toBe(0);
});

/** What stands aside under a name, and was made by somebody. */
function quarantinedFile(maker: number, what: "held" | "new", text = "aside", name = "7.json") {
  const root = scratchDirectory();
  const held = `.${name}.sessreap-${maker}.${what}`;
  writeFileSync(join(root, held), text);
  return { root, held };
}

test.each([
  ["a sweep that was killed", killed],
  ["this very sweep", process.pid],
])("what %s has forgotten aside goes back, or goes where it was only being made", (_who, maker) => {
  const { root, held } = quarantinedFile(maker, "held");
  expect(recoverQuarantined(root, [held])).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
  const made = quarantinedFile(maker, "new");
  expect(recoverQuarantined(made.root, [made.held])).toEqual([]);
  expect(readdirSync(made.root)).toEqual([]);
  expect(openIn(root)).toEqual([]);
});

test("what a sweep at work holds aside is left to it", () => {
  const { root, held } = quarantinedFile(process.ppid, "held");
  const made = quarantinedFile(process.ppid, "new");
  expect(recoverQuarantined(root, [held])).toEqual([]);
  expect(recoverQuarantined(made.root, [made.held])).toEqual([]);
  expect([readdirSync(root), readdirSync(made.root)]).toEqual([[held], [made.held]]);
});

test("names that nobody sets aside, and files that have gone, are no trouble", () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "7.json"), "");
  expect(recoverQuarantined(root, ["7.json", `.8.json.sessreap-${killed}.held`, `deep/.8.json.sessreap-${killed}.held`])).toEqual([]);
  expect(readdirSync(root)).toEqual(["7.json"]);
});

test("what cannot go back is said with its path, and the others go back", () => {
  const { root, held } = quarantinedFile(killed, "held");
  const stuck = `.9.json.sessreap-${killed}.held`;
  mkdirSync(join(root, stuck));
  const unlinkable = `.9.json.sessreap-${killed}.new`;
  mkdirSync(join(root, unlinkable));
  const said = recoverQuarantined(root, [stuck, unlinkable, held]);
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/\(EPERM\); it is kept as \.9\.json/);
  expect(said[1]).toMatch(new RegExp(`^${join(root, unlinkable)}: .*\\(E[A-Z]+\\)$`));
  expect(existsSync(join(root, "7.json"))).toBe(true);
});

test("what stands aside below a directory goes back there", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "deep"));
  writeFileSync(join(root, "deep", `.7.json.sessreap-${killed}.held`), "aside");
  expect(recoverQuarantined(root, [`deep/.7.json.sessreap-${killed}.held`])).toEqual([]);
  expect(readdirSync(root, { recursive: true }).map(String).toSorted()).toEqual(["deep", "deep/7.json"]);
});

type Left = { readonly text?: string; readonly mode?: number; readonly owner?: number; readonly links?: number };

/** A registry with what an unfinished swap has left: an older or newer file than the registry's, under a swap's name. */
function unfinished(seconds: number, { text = "left", mode = 0o644, owner = uid }: Left = {}) {
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
] as const)("what was displaced %i s after the swap (%j) goes back only if it is a newer registry", (seconds, described, text) => {
  const { registry } = unfinished(seconds, described);
  removeLeftovers(registry.path);
  expect([content(registry), leftovers(registry)]).toEqual([text, []]);
  expect(openIn(registry.directory)).toEqual([]);
});

test("a newer file that is a symbolic link, or has a second name, is nobody's update", () => {
  const { registry, path, name } = unfinished(1);
  spawnSync("ln", [path, join(registry.directory, "second")]);
  removeLeftovers(registry.path);
  expect([content(registry), leftovers(registry)]).toEqual([before, ["second"]]);
  symlinkSync("second", join(registry.directory, name));
  removeLeftovers(registry.path);
  expect([content(registry), leftovers(registry)]).toEqual([before, ["second"]]);
});

test("a newer file that was displaced by another than stands there now is old", () => {
  const { registry, path } = unfinished(1);
  spawnSync("mv", [path, join(registry.directory, `.registrations.json.sessreap-${killed}-7.swap`)]);
  removeLeftovers(registry.path);
  expect([content(registry), leftovers(registry)]).toEqual([before, []]);
});

test("a draft is never anybody's update, and what is cleared away is said", () => {
  const { registry, path, ino, name } = unfinished(1);
  const at = { fd: -1, at: (part: string) => join(registry.directory, part), close: () => undefined };
  expect(clearAway(at, "registrations.json", "nothing", ino)).toBe("gone");
  expect(clearAway(at, "registrations.json", name, undefined)).toBe("gone");
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "newer");
  expect(clearAway(at, "registrations.json", name, ino)).toBe("put-back");
  expect(clearAway(at, "registrations.json", "registrations.json", lstatSync(registry.path, { bigint: true }).ino)).toBe("gone");
  expect(existsSync(registry.path)).toBe(false);
});

test("leftovers of sweeps that are at work, and of other registries, stay", () => {
  const registry = registryIn();
  const strange = [
    `.registrations.json.sessreap-${process.ppid}.tmp`,
    `.registrations.json.sessreap-${process.ppid}-7.swap`,
    `.registrations.json.sessreap-${killed}.tmp.bak`,
    `.registrations.json.sessreap-${killed}-7.tmp`,
    `.registrations.json.sessreap-.tmp`,
    `x.registrations.json.sessreap-${killed}.tmp`,
    `.registrations.json.sessreap-1.json.sessreap-${killed}.tmp`,
  ];
  for (const name of strange) writeFileSync(join(registry.directory, name), "");
  writeFileSync(join(registry.directory, newFileName("registrations.json")), "");
  writeFileSync(join(registry.directory, swapName("registrations.json", 5n)), "");
  removeLeftovers(registry.path);
  expect(leftovers(registry).toSorted()).toEqual(strange.toSorted());
});

test("leftovers beside a registry that is not there stay, for it is unknown whose they are", () => {
  const directory = scratchDirectory();
  const name = newFileName("registrations.json");
  writeFileSync(join(directory, name), "");
  removeLeftovers(join(directory, "registrations.json"));
  removeLeftovers(join(directory, "nowhere", "registrations.json"));
  expect(readdirSync(directory)).toEqual([name]);
  expect(openIn(directory)).toEqual([]);
});
