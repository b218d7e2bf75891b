import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Busy } from "../../../src/host/locks/process-look.ts";
import { swapMethodFor } from "../../../src/host/swap/swap-method.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { openIn, registryIn, scratchDirectory, unused } from "../scratch.ts";

const hasPerl = spawnSync("perl", ["-e", "1"]).status === 0;
if (!hasPerl) console.warn("perl is not here: the lease is not tested");

function program(directory: string, name: string, script: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}

test.runIf(hasPerl)("the method in force is a lease, and asking for it writes nothing", () => {
  const { directory, path } = registryIn();
  const before = statSync(path, { bigint: true });
  expect(swapMethodFor(path).method).toBe("lease");
  expect(openIn(directory)).toEqual([]);
  const { ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  expect([ino, mtimeNs, ctimeNs]).toEqual([before.ino, before.mtimeNs, before.ctimeNs]);
});

test("without perl it is compare-then-rename, and what that does not promise is said", () => {
  const path = process.env["PATH"];
  const registry = registryIn();
  const bin = scratchDirectory();
  process.env["PATH"] = bin;
  try {
    expect(swapMethodFor(registry.path)).toMatchObject({ method: "impossible", guarantee: expect.stringContaining("getfattr") });
    program(bin, "getfattr", "exit 0");
    expect(swapMethodFor(registry.path, unused)).toMatchObject({ method: "compare", guarantee: expect.stringContaining("can be lost") });
    const hidden = (): readonly Busy[] => [{ pid: undefined, name: undefined, why: "pid 1 (init) may not be looked at" }];
    expect(swapMethodFor(registry.path, hidden)).toMatchObject({
      method: "impossible",
      guarantee: expect.stringContaining("pid 1 (init)"),
    });
    program(bin, "getfattr", "echo '# file: x'; echo 'user.note=\"1\"'");
    expect(swapMethodFor(registry.path)).toMatchObject({ method: "impossible", guarantee: expect.stringContaining("user.note") });
  } finally {
    process.env["PATH"] = path;
  }
  expect(readdirSync(registry.directory)).toEqual(["registrations.json"]);
});

test.runIf(isRoot)("where no file can be made beside a registry, that is said", () => {
  const { directory, path } = registryIn(scratchDirectory(openPlace()));
  chmodSync(directory, 0o755);
  process.seteuid?.(nobody);
  try {
    expect(swapMethodFor(path)).toMatchObject({ method: "impossible", guarantee: expect.stringContaining("EACCES") });
  } finally {
    process.seteuid?.(0);
  }
  expect(openIn(directory)).toEqual([]);
});

test("a directory and a registry that is not there have none", () => {
  const directory = scratchDirectory();
  expect([swapMethodFor(directory).method, swapMethodFor(join(directory, "missing")).method]).toEqual(["none", "none"]);
});

test.runIf(statSync("/proc/self/status").isFile())("a file system that is not known to be local has none", () => {
  expect(swapMethodFor("/proc/version")).toMatchObject({ method: "none", guarantee: expect.stringContaining("shared") });
});
