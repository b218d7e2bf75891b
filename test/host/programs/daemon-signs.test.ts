import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isLockHeld } from "../../../src/host/programs/daemon-signs.ts";
import { scratchDirectory } from "../scratch.ts";

test("an owner's lock that is no regular file, or as large as no lock file is, could not be looked at", () => {
  const root = scratchDirectory();
  const [fifo, directory, sparse] = ["fifo", "directory", "sparse"].map((name) => join(root, name)) as [string, string, string];
  execFileSync("mkfifo", [fifo]);
  mkdirSync(directory);
  writeFileSync(sparse, "");
  truncateSync(sparse, 2 ** 31);
  expect(isLockHeld(fifo)).toEqual({ seen: false, why: `${fifo} is no regular file` });
  expect(isLockHeld(directory)).toEqual({ seen: false, why: `${directory} is no regular file` });
  expect(isLockHeld(sparse)).toEqual({ seen: false, why: `${sparse} has ${2 ** 31} bytes, which no lock file has` });
  expect(isLockHeld(join(root, "missing"))).toEqual({ seen: true, value: false });
});
