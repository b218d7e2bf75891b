import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { seen } from "../../../../src/core/evidence.ts";
import { listDirectory } from "../../../../src/host/files/entries/directory.ts";
import { readEntryFile, readEntryLink, stateOfEntry } from "../../../../src/host/files/entries/entry-files.ts";
import { scratchDirectory } from "../../scratch.ts";

/** Between the listing of a directory and the look at an entry, the directory becomes something else. */
let root = "";

beforeEach(() => {
  root = join(scratchDirectory(), "reg");
  mkdirSync(join(root, "below"), { recursive: true });
  writeFileSync(join(root, "below", "7.json"), "{}");
  const listing = listDirectory(root, ["*/<pid>.json"]);
  if (listing.kind !== "listed" || listing.files.length !== 1) throw new Error(listing.kind);
});

test.each(["below", ""])("entries of a directory that a file has taken the place of have gone: %j", (which) => {
  const place = join(root, which);
  rmSync(place, { recursive: true });
  writeFileSync(place, "");
  expect(stateOfEntry(root, "below/7.json")).toEqual(seen(undefined));
  expect(readEntryFile(root, "below/7.json")).toEqual({ kind: "gone" });
  expect(readEntryLink(root, "below/7.json")).toEqual({ kind: "gone" });
});

test("entries of a directory that cannot be passed any more have not gone: nothing is known of them", () => {
  rmSync(join(root, "below"), { recursive: true });
  symlinkSync("below", join(root, "below"));
  expect(stateOfEntry(root, "below/7.json")).toMatchObject({ seen: false, why: expect.stringContaining("ELOOP") as string });
  expect(readEntryFile(root, "below/7.json")).toMatchObject({ kind: "unreadable", failed: true });
  expect(readEntryLink(root, "below/7.json")).toMatchObject({ kind: "unreadable", failed: true });
});
