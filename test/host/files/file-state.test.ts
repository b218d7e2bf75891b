import { chmodSync, constants, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isRegular, fileState, type FileState } from "../../../src/host/files/file-state.ts";
import { fileStates } from "../../../src/sweep/load/file-entries.ts";
import { codeOf, scratchDirectory } from "../scratch.ts";

test("only a regular file is one, and a symbolic link is looked at itself", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "directory"));
  writeFileSync(join(root, "empty"), "");
  symlinkSync("empty", join(root, "link"));
  const isFile = (path: string): boolean => isRegular(fileState(path) as FileState);
  expect([join(root, "directory"), join(root, "link"), "/dev/null", "/"].map(isFile)).toEqual([false, false, false, false]);
  expect([join(root, "empty"), "/proc/self/stat"].map(isFile)).toEqual([true, true]);
});

test("a row of numbers keeps every size, mode and time", () => {
  const path = join(scratchDirectory(), "file");
  writeFileSync(path, "");
  const times = fc.double({ min: -2_000_000_000, max: 5_000_000_000, noNaN: true });
  fc.assert(
    fc.property(fc.nat(3000), fc.integer({ min: 0o400, max: 0o777 }), times, fc.nat(4), (size, mode, time, index) => {
      chmodSync(path, 0o600);
      writeFileSync(path, Buffer.alloc(size));
      chmodSync(path, mode);
      utimesSync(path, time, time);
      const state = fileState(path) as FileState;
      expect(state).toMatchObject({ size, mode: constants.S_IFREG | mode, uid: process.getuid?.() });
      const rows = fileStates(5);
      rows.set(index, state);
      expect(rows.at(index)).toEqual(state);
    }),
    { numRuns: 500 },
  );
});

test("what is missing has no state, and what cannot be looked at is said as lstat says it", () => {
  const root = scratchDirectory();
  writeFileSync(join(root, "file"), "");
  expect(fileState(join(root, "none"))).toBeUndefined();
  expect(fileState(join(root, "file", "below"))).toBeUndefined();
  expect(codeOf(() => fileState(join(root, "x".repeat(300))))).toBe("ENAMETOOLONG");
});
