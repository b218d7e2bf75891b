import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { danglingLink } from "../../../src/host/files/dangling.ts";
import { listDirectory } from "../../../src/host/files/entries/directory.ts";
import { readRegistryFile } from "../../../src/host/files/files.ts";
import { scratchDirectory } from "../scratch.ts";

test("a path behind a link to nothing is unreadable, however deep it lies, and one that is simply not there is missing", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "home"));
  symlinkSync("/nonexistent/disk", join(root, "home/.claude"));
  symlinkSync("gone", join(root, "home/sessions"));
  writeFileSync(join(root, "home/file"), "");
  expect(danglingLink(join(root, "home/.claude/sessions"))).toBe(join(root, "home/.claude"));
  expect(danglingLink(join(root, "home/other/sessions"))).toBeUndefined();
  expect(danglingLink(join(root, "home/file"))).toBeUndefined();
  for (const path of ["home/.claude/sessions", "home/sessions"]) {
    expect(listDirectory(join(root, path), ["<pid>.json"])).toMatchObject({
      kind: "unreadable",
      problem: expect.stringContaining("leads nowhere") as string,
    });
    expect(readRegistryFile(join(root, path))).toMatchObject({
      kind: "unreadable",
      problem: expect.stringContaining("leads nowhere") as string,
    });
  }
  expect(listDirectory(join(root, "home/other/sessions"), ["<pid>.json"])).toEqual({ kind: "missing" });
  expect(readRegistryFile(join(root, "home/other.json"))).toEqual({ kind: "missing" });
});
