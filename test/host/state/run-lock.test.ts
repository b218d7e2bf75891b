import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockHolder } from "../../../src/host/state/lock-holder.ts";
import { lockAddress, takeRunLock } from "../../../src/host/state/run-lock.ts";
import { launch, stop, type Running } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: no other user squats on a lock");

/** Another process that sits on an address until it is stopped. */
async function squat(address: string, uid: number | undefined): Promise<Pick<Running, "child">> {
  const script = `use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, pack("S a*", AF_UNIX, "\\0$ARGV[0]")) or die; listen $s, 1;
    $| = 1; print "here\\n"; sleep 60`;
  const child = launch("perl", ["-e", script, address.slice(1)], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(uid !== undefined && { uid }),
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return { child };
}

test("a second sweep of one state directory is kept out, however its path is spelled", async () => {
  const stateDir = join(scratchDirectory(), "state");
  const lock = await takeRunLock(stateDir);
  const alias = join(scratchDirectory(), "alias");
  symlinkSync(stateDir, alias);
  expect(await takeRunLock(alias)).toBeUndefined();
  expect(lockHolder(stateDir)).toMatchObject({ pid: process.pid, uid: process.getuid?.() });
  lock?.release();
  const again = await takeRunLock(stateDir);
  expect(again).toBeDefined();
  again?.release();
});

test("two state directories do not keep each other out", async () => {
  const locks = [await takeRunLock(scratchDirectory()), await takeRunLock(scratchDirectory())];
  for (const lock of locks) expect(lock).toBeDefined();
  for (const lock of locks) lock?.release();
});

test("a lock goes with its holder, even one that is killed", async () => {
  const stateDir = scratchDirectory();
  const squatter = await squat(lockAddress(stateDir), undefined);
  expect(await takeRunLock(stateDir)).toBeUndefined();
  await stop(squatter);
  const lock = await takeRunLock(stateDir);
  expect(lock).toBeDefined();
  lock?.release();
  expect(lockHolder(stateDir)).toBeUndefined();
});

test.runIf(isRoot)("another user who squats on the lock only keeps, and is named", async () => {
  const stateDir = scratchDirectory();
  await squat(lockAddress(stateDir), 65534);
  expect(await takeRunLock(stateDir)).toBeUndefined();
  expect(lockHolder(stateDir)).toMatchObject({ uid: 65534, argv: expect.arrayContaining(["perl"]) });
});

test("no holder is named where there is none", () => {
  const stateDir = join(scratchDirectory(), "state");
  mkdirSync(stateDir);
  expect(lockHolder(stateDir)).toBeUndefined();
});
