import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aclsOf } from "../../../src/host/capture/acl.ts";
import { takeOver } from "../../../src/host/capture/exchange-file.ts";
import { restoreEntryFiles, type FileToRestore } from "../../../src/host/capture/restore-entry.ts";
import { readEntryFile } from "../../../src/host/files/entries/entry-files.ts";
import { acl, attributes, hasAttributes, setAttribute } from "../attributes.ts";
import { scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!hasAttributes) console.warn("no perl, or no ACLs on the file system of the temporary directory: they are not tested");

const key = "7.json";

/** A directory with one entry of this mode. */
function entryOf(mode: number): { readonly root: string; readonly path: string } {
  const root = scratchDirectory();
  const path = join(root, key);
  writeFileSync(path, "{}");
  chmodSync(path, mode);
  return { root, path };
}

function judged(root: string) {
  const read = readEntryFile(root, key);
  if (read.kind !== "read") throw new Error(`the entry is ${read.kind}`);
  return { key, state: read.state, bytes: read.bytes };
}

const fileOf = ({ state }: ReturnType<typeof judged>, content: string): FileToRestore => {
  const { mode, uid, gid, mtimeMs } = state;
  return { key, content: Buffer.from(content), mode, uid, gid, modifiedAt: mtimeMs };
};

test.runIf(hasAttributes)("what takes the place of an entry's file has its ACL and its attributes", () => {
  const { root, path } = entryOf(0o660);
  setAttribute(path, "user.note", "00ff10");
  setAttribute(path, "system.posix_acl_access", acl);
  const [before, { mode }] = [attributes(path), statSync(path)];
  const one = judged(root);
  expect(takeOver(root, one, fileOf(one, "[]"))).toEqual({ kind: "won" });
  expect([attributes(path), statSync(path).mode]).toEqual([before, mode]);
});

test.runIf(hasAttributes)("and none that its directory gives to new files", () => {
  const { root, path } = entryOf(0o660);
  setAttribute(root, "system.posix_acl_default", acl);
  const one = judged(root);
  expect(takeOver(root, one, fileOf(one, "[]"))).toEqual({ kind: "won" });
  expect([attributes(path), statSync(path).mode & 0o777]).toEqual(["", 0o660]);
});

test("a chmod since an entry was judged stands when another file takes its place", () => {
  const { root, path } = entryOf(0o644);
  const one = judged(root);
  chmodSync(path, 0o600);
  expect(takeOver(root, one, fileOf(one, "[]"))).toEqual({ kind: "won" });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.runIf(isRoot)("and so does a chown", () => {
  const { root, path } = entryOf(0o644);
  const one = judged(root);
  chownSync(path, 1234, 4321);
  expect(takeOver(root, one, fileOf(one, "[]"))).toEqual({ kind: "won" });
  expect(statSync(path)).toMatchObject({ uid: 1234, gid: 4321 });
});

test.runIf(hasAttributes)("an ACL is asked of what gives its group more than all others, and of nothing else", () => {
  const { root, path } = entryOf(0o660);
  const asked = (mode: number) => [...aclsOf(root, [{ key, mode }])];
  expect(asked(0o100660)).toEqual([[key, ""]]);
  setAttribute(path, "system.posix_acl_access", acl);
  for (const mode of [0o660, 0o640, 0o664, 0o754, 0o2770]) expect(asked(mode), mode.toString(8)).toEqual([[key, acl]]);
  for (const mode of [0o600, 0o644, 0o666, 0o755, 0o604]) expect(asked(mode), mode.toString(8)).toEqual([]);
});

test.runIf(hasAttributes)("what cannot be asked for its ACL is left out, and those beside it are not", () => {
  const { root } = entryOf(0o660);
  const others = ["gone", "new\nline"].map((name) => ({ key: name, mode: 0o660 }));
  writeFileSync(join(root, "new\nline"), "");
  expect([...aclsOf(root, [...others, { key, mode: 0o660 }])]).toEqual([
    ["new\nline", ""],
    [key, ""],
  ]);
});

test.runIf(hasAttributes).each([
  ["its ACL", acl, `system.posix_acl_access=${acl}\n`, 0o640],
  ["no ACL, as it had none", "", "", 0o660],
  ["no more than all others, where its ACL is none", "ff", "", 0o600],
])("an entry that is put back has %s, whatever its directory gives to new files", async (_what, value, found, mode) => {
  const root = scratchDirectory();
  setAttribute(root, "system.posix_acl_default", acl);
  const { uid, gid } = statSync(root);
  const file: FileToRestore = { key, content: Buffer.from("{}"), mode: 0o100660, uid, gid, acl: value, modifiedAt: 0 };
  expect(await restoreEntryFiles(root, [file])).toEqual([{ kind: "restored" }]);
  const path = join(root, key);
  expect(statSync(path).mode & 0o777).toBe(mode);
  expect(attributes(path).includes("posix_acl_access") && value !== "ff" ? attributes(path) : found).toBe(found);
});

test("without perl an entry that had an ACL gets no more than all others have", async () => {
  const root = scratchDirectory();
  const { uid, gid } = statSync(root);
  const before = process.env["PATH"];
  process.env["PATH"] = root;
  try {
    const file: FileToRestore = { key, content: Buffer.from("{}"), mode: 0o100664, uid, gid, acl, modifiedAt: 0 };
    expect(await restoreEntryFiles(root, [file])).toEqual([{ kind: "restored" }]);
  } finally {
    process.env["PATH"] = before;
  }
  expect(statSync(join(root, key)).mode & 0o777).toBe(0o644);
});
