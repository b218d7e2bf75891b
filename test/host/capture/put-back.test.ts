import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareFile, restoreEntryFiles, type FileToRestore } from "../../../src/host/capture/restore-entry.ts";
import { codeOf, openIn, scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: entries of other users are not put back");

const restoreOne = async (root: string, one: FileToRestore) => (await restoreEntryFiles(root, [one]))[0];

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const file: FileToRestore = { key: "7.json", content: Buffer.from('{"pid":7}'), mode: 0o100640, uid, gid, modifiedAt: 1_600_000_000_500 };

test("an entry that is put back has its content, mode and time, and nothing lies beside it", async () => {
  const root = scratchDirectory();
  expect(await restoreOne(root, file)).toEqual({ kind: "restored" });
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect(readFileSync(join(root, "7.json"), "utf8")).toBe('{"pid":7}');
  expect(statSync(join(root, "7.json"))).toMatchObject({ mode: 0o100640, mtimeMs: 1_600_000_000_500, nlink: 1, uid, gid });
  expect(openIn(root)).toEqual([]);
});

test.runIf(isRoot).each([
  [65534, 4343],
  [0, 4343],
  [65534, 0],
])("an entry of user %i and group %i is theirs again, set-id bits included", async (user, group) => {
  const root = scratchDirectory();
  await restoreOne(root, { ...file, uid: user, gid: group, mode: 0o106755 });
  expect(statSync(join(root, "7.json"))).toMatchObject({ mode: 0o106755, uid: user, gid: group });
});

test("an entry whose name is taken is left to the newcomer, and nothing lies beside it", async () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "7.json"), "newer");
  expect(await restoreOne(root, file)).toEqual({ kind: "newcomer" });
  expect(readdirSync(root)).toEqual(["7.json"]);
  expect(readFileSync(join(root, "7.json"), "utf8")).toBe("newer");
});

test("the way to an entry is made for its owner alone, and what stands of it stays as it is", async () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "a"));
  chmodSync(join(root, "a"), 0o751);
  expect(await restoreOne(root, { ...file, key: "a/b/c/7.json" })).toEqual({ kind: "restored" });
  expect(["a", "a/b", "a/b/c"].map((name) => statSync(join(root, name)).mode & 0o777)).toEqual([0o751, 0o700, 0o700]);
  expect(openIn(root)).toEqual([]);
});

test("an entry in whose way a file stands is not put back, and that is said", async () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "a"), "");
  expect(await restoreOne(root, { ...file, key: "a/7.json" })).toMatchObject({ kind: "failed", error: { code: "ENOTDIR" } });
});

test("a file that is being put together is never one that is there, and half of one does not stay", async () => {
  const root = scratchDirectory();
  const temporary = join(root, "new");
  writeFileSync(temporary, "theirs");
  const inPlaceOf = openSync(temporary, "r");
  const prepare = (path: string, modifiedAt = 0) => codeOf(() => prepareFile(path, { ...file, modifiedAt }, inPlaceOf));
  expect(prepare(temporary)).toBe("EEXIST");
  expect(readFileSync(temporary, "utf8")).toBe("theirs");
  expect(prepare(join(root, "other"), Number.NaN)).toBe("ERR_INVALID_ARG_TYPE");
  expect(readdirSync(root)).toEqual(["new"]);
  symlinkSync("elsewhere", join(root, "link"));
  expect(prepare(join(root, "link"))).toBe("EEXIST");
  closeSync(inPlaceOf);
  expect(openIn(root)).toEqual([]);
});

test("an entry without any content is put back empty", async () => {
  const root = scratchDirectory();
  expect(await restoreOne(root, { ...file, content: Buffer.alloc(0) })).toEqual({ kind: "restored" });
  expect(statSync(join(root, "7.json")).size).toBe(0);
});

test("of many entries each is put back or told for itself, and none is held open", async () => {
  const root = scratchDirectory();
  const files = Array.from({ length: 600 }, (_, nth) => ({ ...file, key: `${nth}.json`, content: Buffer.from(`{"pid":${nth}}`) }));
  writeFileSync(join(root, "300.json"), "newer");
  writeFileSync(join(root, "a"), "");
  const became = await restoreEntryFiles(root, [...files, { ...file, key: "a/7.json" }]);
  expect(became.map(({ kind }) => kind)).toEqual([...files.map((_, nth) => (nth === 300 ? "newcomer" : "restored")), "failed"]);
  expect(files.map(({ key }) => readFileSync(join(root, key), "utf8"))).toEqual(
    files.map(({ content }, nth) => (nth === 300 ? "newer" : content.toString())),
  );
  expect(readdirSync(root)).toHaveLength(601);
  expect(openIn(root)).toEqual([]);
});
