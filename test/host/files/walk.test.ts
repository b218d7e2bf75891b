import { mkdirSync, readFileSync, renameSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findPlace, type DirHandle } from "../../../src/host/files/held-directory.ts";
import { walking } from "../../../src/host/files/walk.ts";
import { openIn, scratchDirectory } from "../scratch.ts";

const home = process.cwd();
afterEach(() => process.chdir(home));

/** Two directories that are held, each with a file that says which it is. */
function held(): { readonly root: string; readonly handles: readonly [DirHandle, DirHandle] } {
  const root = scratchDirectory();
  const handleOf = (name: string): DirHandle => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "file"), name);
    return findPlace(join(root, name, "file")).directory;
  };
  return { root, handles: [handleOf("a"), handleOf("b")] };
}

const through = (anchors: readonly DirHandle[]): readonly string[] =>
  walking((enter) => anchors.map((one) => readFileSync(enter(one)("file"), "utf8")));

test("one goes from directory to directory, and back in the end, whatever happens", () => {
  const { root, handles } = held();
  const [a, b] = handles;
  expect(through([a, a, b, a])).toEqual(["a", "a", "b", "a"]);
  expect(process.cwd()).toBe(home);
  const trouble = (): unknown =>
    walking((enter) => {
      enter(a);
      expect(process.cwd()).toBe(join(root, "a"));
      throw new Error("trouble");
    });
  expect(trouble).toThrow("trouble");
  expect(process.cwd()).toBe(home);
  for (const { close } of handles) close();
  expect(openIn(root)).toEqual([]);
});

test("what is held is gone to, not what its path leads to by now", () => {
  const { root, handles } = held();
  renameSync(join(root, "a"), join(root, "c"));
  symlinkSync("b", join(root, "a"));
  expect(through(handles)).toEqual(["a", "b"]);
  for (const { close } of handles) close();
});

test("one who stands in a directory that has been removed comes back to it", () => {
  const { root, handles } = held();
  mkdirSync(join(root, "gone"));
  process.chdir(join(root, "gone"));
  rmdirSync(join(root, "gone"));
  expect(through(handles)).toEqual(["a", "b"]);
  expect(() => process.cwd()).toThrow("ENOENT");
  for (const { close } of handles) close();
});

test("a directory that may not be entered is named by the long way, from wherever one stands", () => {
  const { root, handles } = held();
  const [a, b] = handles;
  const closed: DirHandle = { ...b, at: (name) => (name === "." ? join(root, "nowhere") : b.at(name)) };
  expect(through([a, closed, a, closed])).toEqual(["a", "b", "a", "b"]);
  for (const { close } of handles) close();
});

test("one who cannot go back all at once has done what was to be done", () => {
  const { handles } = held();
  const chdir = process.chdir.bind(process);
  let left = 3;
  process.chdir = (to) => {
    left -= 1;
    if (left < 0) throw new Error("input/output error");
    chdir(to);
  };
  try {
    expect(through(handles)).toEqual(["a", "b"]);
  } finally {
    process.chdir = chdir;
  }
  for (const { close } of handles) close();
});

test("where no directory can be changed, as in a worker, every name is called by the long way", () => {
  const { root, handles } = held();
  const chdir = process.chdir.bind(process);
  process.chdir = () => {
    throw new Error("process.chdir() is not supported in workers");
  };
  try {
    expect(through(handles)).toEqual(["a", "b"]);
  } finally {
    process.chdir = chdir;
  }
  for (const { close } of handles) close();
  expect(openIn(root)).toEqual([]);
});
