import { chmodSync, chownSync, linkSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { reportOnlyReason, sharedStateReason } from "../../../src/host/files/writability.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { registryIn, scratchDirectory } from "../scratch.ts";

const reasonFor = (path: string): string | undefined => reportOnlyReason(path, statSync(path, { bigint: true }));

test("a registry of one's own may be swept", () => {
  expect(reasonFor(registryIn().path)).toBeUndefined();
});

test("a registry with two names is only reported, and that is said", () => {
  const { path } = registryIn();
  linkSync(path, `${path}.link`);
  expect(reasonFor(path)).toContain("2 hard links");
});

test("a registry that everybody can write to, or replace, is only reported", () => {
  const { path, directory } = registryIn();
  chmodSync(path, 0o666);
  expect(reasonFor(path)).toContain("everybody can write to it");
  chmodSync(path, 0o644);
  chmodSync(directory, 0o777);
  expect(reasonFor(path)).toContain("its directory");
  chmodSync(directory, 0o1777);
  expect(reasonFor(path), "others cannot replace it in a sticky directory").toBeUndefined();
});

test.runIf(isRoot)("root sweeps another user's registry, and no other user does", () => {
  const [theirs, own] = [registryIn(scratchDirectory(openPlace())), registryIn(scratchDirectory(openPlace()))];
  for (const { directory } of [theirs, own]) chmodSync(directory, 0o755);
  chownSync(theirs.path, nobody, nobody);
  expect(reasonFor(theirs.path)).toBeUndefined();
  process.seteuid?.(nobody);
  try {
    expect([reasonFor(theirs.path), reasonFor(own.path)]).toEqual([undefined, expect.stringContaining("it is user 0's")]);
  } finally {
    process.seteuid?.(0);
  }
});

test("a file system that is not known to be this machine's alone is only reported", () => {
  expect(reasonFor("/proc/version")).toContain("may be shared with other machines");
});

test("with a state directory that may be shared nothing is swept, whether it is there yet or not", () => {
  const directory = scratchDirectory();
  mkdirSync(join(directory, "state"));
  expect(sharedStateReason(join(directory, "state"))).toBeUndefined();
  expect(sharedStateReason(join(directory, "not/yet/there"))).toBeUndefined();
  expect(sharedStateReason("/proc/sessreap/state")).toContain("SESSREAP_STATE_DIR");
});

test("a registry that has gone since it was read is only reported, and that is no fault", () => {
  const { path, directory } = registryIn(scratchDirectory());
  const stat = statSync(path, { bigint: true });
  rmSync(directory, { recursive: true });
  expect(reportOnlyReason(path, stat)).toMatch(/^it cannot be looked at any more: .*ENOENT/);
});
