import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, newScratch, sessreap, sweepReport, writeOld } from "../harness.ts";
import { gonePid, idle } from "../../processes.ts";

const monthAgo = Date.now() / 1000 - 30 * 86_400;

function oldLink(target: string, path: string): string {
  symlinkSync(target, path);
  lutimesSync(path, monthAgo, monthAgo);
  return path;
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function declared(text: readonly string[], pattern: string | undefined = "*") {
  const scratch = newScratch();
  const directory = join(scratch.dir, "locks");
  mkdirSync(directory);
  const path = pattern === "" ? join(directory, "SingletonLock") : directory;
  configure(scratch, { registries: [{ format: "symlink", path, ...(pattern !== "" && { pattern }), text }] });
  return { scratch, directory };
}

test("links whose targets name dead processes go, those of live ones stay, and a link comes back as it was", async () => {
  const { scratch, directory } = declared(["<host>-<pid>", "*@<host>.<pid>:*"]);
  const [live, gone] = [await idle(), await gonePid()];
  oldLink(`${hostname()}-${live.pid}`, join(directory, "live"));
  const chromium = oldLink(`${hostname()}-${gone.pid}`, join(directory, "SingletonLock"));
  oldLink(`mars@${hostname()}.${gone.pid}:1763900000`, join(directory, ".#notes"));
  oldLink(`elsewhere-${gone.pid}`, join(directory, "foreign"));
  oldLink("SingletonLock", join(directory, "other"));
  writeOld(join(directory, "file"), `${hostname()}-${gone.pid}`);
  const { uid, gid, mtimeMs, mode } = lstatSync(chromium);
  expect(by(await sweepReport(scratch, ["-n"]), "action")["SingletonLock"]).toBe("would-reap");
  const report = await sweepReport(scratch, []);
  expect(by(report, "reason", "action")).toEqual({
    live: "pid-alive kept",
    SingletonLock: "pid-gone reaped",
    ".#notes": "pid-gone reaped",
    foreign: "foreign-host kept",
    other: "malformed-entry kept",
  });
  expect(readdirSync(directory).toSorted()).toEqual(["file", "foreign", "live", "other"]);
  expect((await sessreap(scratch, ["restore", "--sweep", report.sweepId])).code).toBe(0);
  expect(readlinkSync(chromium)).toBe(`${hostname()}-${gone.pid}`);
  expect(lstatSync(chromium)).toMatchObject({ uid, gid, mode, nlink: 1 });
  expect(lstatSync(chromium).mtimeMs).toBeCloseTo(mtimeMs, -1);
  expect(readdirSync(directory)).toHaveLength(6);
});

test("what a link leads to is neither read nor touched, and a single link may be named itself", async () => {
  const { scratch, directory } = declared(["/*/<pid>"], "");
  const { pid } = await gonePid();
  const target = writeOld(join(scratch.dir, String(pid)), "not ours");
  const link = oldLink(target, join(directory, "SingletonLock"));
  expect(by(await sweepReport(scratch, []), "reason", "action")).toEqual({ SingletonLock: "pid-gone reaped" });
  expect([isThere(link), existsSync(target), readFileSync(target, "utf8")]).toEqual([false, true, "not ours"]);
  // A newcomer of its name is not written over, whatever it is.
  writeFileSync(link, "newcomer");
  expect((await sessreap(scratch, ["restore", "SingletonLock"])).stdout).toContain("is a regular file, no symbolic link");
  expect(readFileSync(link, "utf8")).toBe("newcomer");
  unlinkSync(link);
  expect((await sessreap(scratch, ["restore", "SingletonLock"])).code).toBe(0);
  expect(readlinkSync(link)).toBe(target);
});
