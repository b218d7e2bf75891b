import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rootsPath, rootsSearchPath } from "../../../src/host/search-path.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";

if (!isRoot) console.warn("not root: no directory of another user's is on root's PATH");

function newPlace(): string {
  const place = mkdtempSync(join(openPlace(), "sessreap-path-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

test.runIf(isRoot)("a PATH that leads through a user's symbolic link counts for where it leads now", () => {
  const sticky = newPlace();
  chmodSync(sticky, 0o1777);
  const bin = join(newPlace(), "bin");
  mkdirSync(bin);
  const link = join(sticky, "bin");
  symlinkSync(bin, link);
  lchownSync(link, nobody, nobody);
  expect(rootsSearchPath(`${link}:/usr/bin`)).toBe(`${bin}:/usr/bin`);
});

test.runIf(isRoot)("what is another user's, everybody's, relative or not there is no part of root's PATH", () => {
  const [theirs, everybodys] = [newPlace(), newPlace()];
  lchownSync(theirs, nobody, nobody);
  chmodSync(everybodys, 0o777);
  const below = join(everybodys, "bin");
  mkdirSync(below);
  for (const one of [theirs, everybodys, below, "bin", ".", "", join(theirs, "none")]) {
    expect([one, rootsSearchPath(`${one}:/usr/bin`)]).toEqual([one, "/usr/bin"]);
    expect([one, rootsSearchPath(one)]).toEqual([one, rootsPath]);
  }
});
