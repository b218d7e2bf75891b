import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { fileState } from "../../../src/host/files/file-state.ts";
import { locksIn, lookAtLocks, type EntryFile } from "../../../src/host/locks/locks.ts";
import { lookAtOpeners } from "../../../src/host/locks/openers.ts";
import { leaveOut } from "../../cli/harness.ts";
import { everyManner, inheritLock, lockBytes, lockFile, lockForReading, openFile } from "../../locks.ts";
import { endByPid, stop, until } from "../../processes.ts";
import { scratchDirectory } from "../scratch.ts";

function fileIn(directory: string, name = "daemon.lock"): EntryFile {
  writeFileSync(join(directory, name), "4242\n");
  const state = fileState(join(directory, name));
  if (state === undefined) throw new Error("it was just written");
  return { path: join(directory, name), state };
}

const newFile = (): EntryFile => fileIn(scratchDirectory());

/** What the look says of each of these files, in one line; a file that is not locked is not named. */
function said(...files: readonly EntryFile[]): readonly string[] {
  const locks = lookAtLocks(files);
  if (!locks.seen) throw new Error(locks.why);
  return [...locks.value].map(([path, lock]) => `${path.slice(path.lastIndexOf("/") + 1)}: ${lock.seen ? lock.value : `? ${lock.why}`}`);
}

function leaveOutWithoutMounts({ skip }: TestContext): void {
  const { status, stderr } = spawnSync("unshare", ["--mount", "/bin/true"], { encoding: "utf8" });
  if (status === 0) return;
  leaveOut("mounts of another namespace", stderr?.trim() ?? "there is no unshare here");
  skip();
}

test.each(everyManner)("a lock by %s is seen while it is held, on each name of the file, and on no other file", async (manner) => {
  const [file, other] = [newFile(), newFile()];
  const directory = scratchDirectory();
  linkSync(file.path, join(directory, "second.lock"));
  const holder = await lockFile(join(directory, "second.lock"), manner);
  const what = { flock: "an flock", posix: "a POSIX lock", ofd: "an OFD lock" }[manner];
  const who = manner === "ofd" ? what : `${what} that pid ${holder.pid} took`;
  expect(said(file, other)).toEqual([`daemon.lock: ${who}`]);
  await stop(holder);
  expect(said(file, other)).toEqual([]);
});

test("an flock that a child has of a process which ended is held until the child ends", async () => {
  const file = newFile();
  const { taker, child } = await inheritLock(file.path);
  expect(said(file)).toEqual([`daemon.lock: an flock that pid ${taker} took`]);
  endByPid(child);
  await until("the lock is free", () => said(file).length === 0);
});

test("an open file without a lock is none", async () => {
  const file = newFile();
  await openFile(file.path);
  expect(said(file)).toEqual([]);
});

test("one lock is found among thousands", async () => {
  const [file, busy] = [newFile(), newFile()];
  await lockFile(file.path);
  await lockBytes(busy.path, 5000);
  expect(said(file)).toHaveLength(1);
});

test("leases are no locks, and who waits for one holds none", () => {
  const text = `1: LEASE  ACTIVE    READ  11 fe:00:71 0 EOF
2: -> FLOCK  ADVISORY  WRITE 12 fe:00:72 0 EOF
3: POSIX  *NOINODE* READ  13 <none>:0 0 EOF
4: OFDLCK ADVISORY  READ  -1 00:2f:73 0 EOF
`;
  expect([...locksIn(text)]).toEqual([[73, [{ type: "OFDLCK", pid: -1, device: "0:47" }]]]);
});

test("a lock that was taken through another mount of the file is seen", async (context) => {
  leaveOutWithoutMounts(context);
  const file = newFile();
  const elsewhere = scratchDirectory();
  const mounted = `mount --bind "$(dirname "$LOCKED")" ${elsewhere} && export LOCKED=${elsewhere}/daemon.lock && exec "$@"`;
  const { pid } = await lockFile(file.path, "flock", ["unshare", "--mount", "/bin/sh", "-c", mounted, "sh"]);
  expect(said(file)).toEqual([`daemon.lock: an flock that pid ${pid} took`]);
});

test("a lock that was taken through an overlay of another mount namespace is a doubt", async (context) => {
  leaveOutWithoutMounts(context);
  const [root, lower] = [scratchDirectory(), scratchDirectory()];
  const file = fileIn(root);
  const overlay = `mount -t tmpfs none ${lower} && mkdir ${lower}/up ${lower}/work ${lower}/all || exit 97
    mount -t overlay -o lowerdir=${root},upperdir=${lower}/up,workdir=${lower}/work none ${lower}/all || exit 98
    export LOCKED=${lower}/all/daemon.lock && exec "$@"`;
  const within = ["unshare", "--mount", "/bin/sh", "-c", overlay, "sh"];
  const { status } = spawnSync("unshare", [...within.slice(1), "/bin/true"], { env: { ...process.env, LOCKED: "" } });
  if (status !== 0) {
    leaveOut("an overlay", "this kernel has none for us");
    context.skip();
  }
  // To open it for writing would make the overlay copy it first.
  await lockForReading(file.path, within);
  expect(said(file)).toEqual([expect.stringMatching(/^daemon\.lock: \? an flock that pid \d+ took is on this file or on one of device/)]);
});

test("a locked file of another file system that has the same inode number is not the file", async (context) => {
  leaveOutWithoutMounts(context);
  const directory = scratchDirectory();
  const mounted = `mount -t tmpfs none ${directory} && echo > ${directory}/a && export LOCKED=${directory}/a && exec "$@"`;
  const holder = await lockFile(join(directory, "a"), "flock", ["unshare", "--mount", "/bin/sh", "-c", mounted, "sh"]);
  const inode = fileState(`/proc/${holder.pid}/root${directory}/a`)?.ino ?? 0;
  const file = newFile();
  expect(inode).toBeGreaterThan(0);
  expect(said({ ...file, state: { ...file.state, ino: inode } })).toEqual([]);
});

test("each process that has a file open is seen, under any of its names", async () => {
  const [file, other] = [newFile(), newFile()];
  mkdirSync(`${file.path}.d`);
  linkSync(file.path, `${file.path}.d/second`);
  const { pid } = await openFile(`${file.path}.d/second`);
  // What may not be looked at, as the first process of some machines, is a doubt about the other file.
  expect([...lookAtOpeners([file, other])].filter(([, opener]) => opener.seen)).toEqual([
    [file.path, { seen: true, value: `pid ${pid} has it open` }],
  ]);
});
