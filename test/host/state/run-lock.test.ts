import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { lookAtRunLock, olderLockAddress, takeRunLock } from "../../../src/host/state/run-lock.ts";
import { launch, stop, type Running } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";
import { isRoot } from "../../users.ts";

if (!isRoot) console.warn("not root: no other user squats on a lock");

/** Another process that sits on an address until it is stopped; `heir` is the user of a child that has the socket, too. */
async function squat(address: string, uid: number | undefined, heir?: number): Promise<Pick<Running, "child">> {
  const inherit = heir === undefined ? "" : `if (fork == 0) { $> = $< = ${heir} }`;
  const script = `use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, pack("S a*", AF_UNIX, "\\0$ARGV[0]")) or die; listen $s, 1;
    ${inherit} $| = 1; print "here\\n"; sleep 60`;
  const child = launch("perl", ["-e", script, address.slice(1)], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(uid !== undefined && { uid }),
  });
  const said = await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), once(child, "exit").then(() => undefined)]);
  if (said === undefined) throw new Error("it said nothing");
  return { child };
}

test("a second sweep of one state directory is kept out, however its path is spelled", async () => {
  const stateDir = join(scratchDirectory(), "state");
  const lock = await takeRunLock(stateDir);
  const alias = join(scratchDirectory(), "alias");
  symlinkSync(stateDir, alias);
  expect(await takeRunLock(alias)).toBeUndefined();
  expect(await lookAtRunLock(stateDir)).toMatchObject({ held: true, listener: { pid: process.pid, uid: process.getuid?.() } });
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

test("version 0.1.0, which has the lock's older name alone, is kept out and keeps out; its lock goes with it", async () => {
  const stateDir = scratchDirectory();
  const older = await squat(olderLockAddress(stateDir), undefined);
  expect(await takeRunLock(stateDir)).toBeUndefined();
  expect(await lookAtRunLock(stateDir)).toMatchObject({ held: false, listener: { pid: older.child.pid } });
  await stop(older);
  const lock = await takeRunLock(stateDir);
  expect(lock).toBeDefined();
  await expect(squat(olderLockAddress(stateDir), undefined)).rejects.toThrow("it said nothing");
  lock?.release();
  expect(await lookAtRunLock(stateDir)).toEqual({ held: false, listener: undefined });
});

test.runIf(isRoot)("another user on the older name keeps no sweep from running, and is named", async () => {
  const stateDir = scratchDirectory();
  await squat(olderLockAddress(stateDir), 65534);
  const lock = await takeRunLock(stateDir);
  expect(lock).toBeDefined();
  expect(await takeRunLock(stateDir)).toBeUndefined();
  lock?.release();
  expect((await lookAtRunLock(stateDir)).listener).toMatchObject({ uid: 65534, argv: expect.arrayContaining(["perl"]) });
});

test.runIf(isRoot)("another user who handed the older name's socket to a process of ours is no sweep of ours", async () => {
  const stateDir = scratchDirectory();
  await squat(olderLockAddress(stateDir), undefined, 65534);
  const lock = await takeRunLock(stateDir);
  expect(lock).toBeDefined();
  lock?.release();
  expect((await lookAtRunLock(stateDir)).listener).toMatchObject({ uid: 65534 });
});

test.runIf(isRoot)("another user cannot take the lock, nor end it", async () => {
  const stateDir = join(scratchDirectory(), "state");
  chmodSync(dirname(stateDir), 0o755);
  const lock = await takeRunLock(stateDir);
  const script = 'for (glob "$ARGV[0]/*") { unlink } exit((rename "$ARGV[0]/run.done", "$ARGV[0]/x") ? 0 : 3)';
  const hostile = launch("perl", ["-e", script, stateDir], { uid: 65534 });
  expect((await once(hostile, "exit"))[0]).toBe(3);
  expect(await takeRunLock(stateDir)).toBeUndefined();
  lock?.release();
});

test("no holder is named where there is none", async () => {
  const stateDir = join(scratchDirectory(), "state");
  mkdirSync(stateDir);
  expect(await lookAtRunLock(stateDir)).toEqual({ held: false, listener: undefined });
});
