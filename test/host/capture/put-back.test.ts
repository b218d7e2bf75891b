import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareFile, restoreEntryFile, type FileToRestore } from "../../../src/host/capture/restore-entry.ts";
import { codeOf, openIn, scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: entries of other users are not put back");

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
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
