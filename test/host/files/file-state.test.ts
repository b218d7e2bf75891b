import { chmodSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isRegular, lookAtFile, stateFrom } from "../../../src/host/files/file-state.ts";
import { fileStates } from "../../../src/sweep/load/file-entries.ts";
import { codeOf, scratchDirectory } from "../scratch.ts";

test("a file's state is what lstat says of it, whatever it is", () => {
  const root = scratchDirectory();
  mkdirSync(join(root, "directory"));
  symlinkSync("nowhere", join(root, "link"));
  writeFileSync(join(root, "empty"), "");
  for (const path of [join(root, "directory"), join(root, "link"), join(root, "empty"), "/dev/null", "/proc/self/stat", "/"]) {
    const stat = lstatSync(path);
    expect(lookAtFile(path)).toEqual(stateFrom(stat));
    expect(isRegular(stateFrom(stat))).toBe(stat.isFile());
  }
});

test("so it is for every size, mode and time, and a row of numbers keeps it", () => {
  const path = join(scratchDirectory(), "file");
  writeFileSync(path, "");
  const times = fc.double({ min: -2_000_000_000, max: 5_000_000_000, noNaN: true });
  fc.assert(
    fc.property(fc.nat(3000), fc.integer({ min: 0o400, max: 0o777 }), times, fc.nat(4), (size, mode, time, index) => {
      chmodSync(path, 0o600);
      writeFileSync(path, Buffer.alloc(size));
      chmodSync(path, mode);
      utimesSync(path, time, time);
      const state = stateFrom(lstatSync(path));
      expect(lookAtFile(path)).toEqual(state);
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
  expect(lookAtFile(join(root, "none"))).toBeUndefined();
  expect(codeOf(() => lookAtFile(join(root, "file", "below")))).toBe("ENOTDIR");
  expect(codeOf(() => lookAtFile(join(root, "x".repeat(300))))).toBe("ENAMETOOLONG");
});
