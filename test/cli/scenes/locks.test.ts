import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { SweepDocument } from "../../../src/report/model/sweep.ts";
import { everyManner, inheritLock, lockFile, openFile } from "../../locks.ts";
import { endByPid, gonePid, stop, until } from "../../processes.ts";
import { by, configure, leaveOut, newScratch, parseOnly, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";

/** A lock file that names a process which is gone: without the lock on it, its death is proven. */
async function lockOf(scratch: Scratch): Promise<string> {
  const { pid } = await gonePid();
  const path = writeOld(join(scratch.dir, "locks", "daemon.lock"), JSON.stringify({ pid }));
  configure(scratch, { registries: [{ format: "json-file", path: dirname(path), pattern: "*.lock", fields: { pid: "pid" } }] });
  return path;
}

const said = async (scratch: Scratch, ...words: readonly string[]): Promise<Readonly<Record<string, string>>> =>
  by(await sweepReport(scratch, words), "verdict", "reason", "action");

const [kept, reaped] = [{ "daemon.lock": "live lock-held kept" }, { "daemon.lock": "ghost pid-gone reaped" }] as const;

/** A file that is renamed, even for a moment, has another time of change (inode(7)). */
const unmoved = (path: string): readonly bigint[] => {
  const { ino, ctimeNs } = statSync(path, { bigint: true });
  return [ino, ctimeNs];
};

test.each(everyManner)(
  "a lock file of a dead process is kept and not moved while another one holds it by %s, and goes after",
  async (manner) => {
    const scratch = newScratch();
    const path = await lockOf(scratch);
    const holder = await lockFile(path, manner);
    const before = unmoved(path);
    expect(await said(scratch)).toEqual(kept);
    expect(await said(scratch, "--now")).toEqual(kept);
    expect(unmoved(path)).toEqual(before);
    await stop(holder);
    expect(await said(scratch)).toEqual(reaped);
  },
);

test("a lock file is kept while the child of a dead wrapper has its lock, and explain says so", async () => {
  const scratch = newScratch();
  const path = await lockOf(scratch);
  const { taker, child } = await inheritLock(path);
  const before = unmoved(path);
  expect(await said(scratch)).toEqual(kept);
  expect((await sessreap(scratch, ["explain", "daemon.lock"])).stdout).toContain(`its file is locked: an flock that pid ${taker} took`);
  expect(unmoved(path)).toEqual(before);
  endByPid(child);
  await until("its lock is free", () => spawnSync("flock", ["--nonblock", path, "true"]).status === 0);
  expect(await said(scratch)).toEqual(reaped);
});

test("a process that only has a lock file open does not keep it", async () => {
  const scratch = newScratch();
  const path = await lockOf(scratch);
  await openFile(path);
  expect(Object.values(await said(scratch))).toEqual([expect.stringMatching(/^ghost pid-gone /)]);
});

test("in a pid namespace that is declared to be all there is, a process that has the lock file open keeps it", async (context) => {
  const flags = ["--pid", "--fork", "--mount-proc"];
  if (spawnSync("unshare", [...flags, "/bin/true"]).status !== 0) {
    leaveOut("a pid namespace", "there is no unshare here, or no right to use it");
    context.skip();
  }
  const scratch = newScratch();
  const path = await lockOf(scratch);
  const sweep = async (script: string): Promise<Readonly<Record<string, string>>> => {
    const under = ["unshare", ...flags, "/bin/sh", "-c", script, "sh"];
    const env = { SESSREAP_PID_NAMESPACE: "own" };
    const { stdout, stderr } = await sessreap(scratch, ["--json"], { under, env });
    return by(parseOnly(stdout, stderr) as SweepDocument, "verdict", "reason", "action");
  };
  // The process that took the lock has ended, so the kernel hides it there.
  const taken = `exec 9<>${path}; flock --nonblock 9 || exit 99; sleep 600 & child=$!; exec 9<&-; "$@"; r=$?; kill $child; exit $r`;
  expect(await sweep(taken)).toEqual(kept);
  expect(await sweep('"$@"; exit $?')).toEqual(reaped);
});
