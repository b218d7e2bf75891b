import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { bootId, gonePid, idle } from "../../processes.ts";

const said = async (scratch: Scratch, ...words: readonly string[]) => by(await sweepReport(scratch, words), "verdict", "reason", "action");

type Holder = { readonly pid: number; readonly startTicks: string };

function record(profile: string, { pid, startTicks }: Holder): string {
  const text = { pid, sessionId: randomUUID(), procStart: startTicks, version: "2.1.332", startedAt: Date.UTC(2020, 0, 1) };
  return writeOld(join(profile, "sessions", `${pid}.json`), JSON.stringify(text));
}

test("every profile of Claude in the home is swept, and the one that the environment names", async () => {
  const scratch = newScratch();
  const named = join(scratch.dir, "named");
  const profiles = [".claude", ".claude-work", ".claude.private"].map((name) => join(scratch.home, name));
  const live = await idle({ argv0: "claude" });
  const expected: Record<string, string> = { [`${live.pid}.json`]: "live pid-alive kept" };
  record(profiles[1] as string, live);
  for (const profile of [...profiles, named]) {
    const dead = await gonePid();
    record(profile, dead);
    expected[`${dead.pid}.json`] = "ghost pid-gone reaped";
  }
  const other = record(join(scratch.home, "claude-of-mine"), await gonePid());
  const report = await sweepReport(scratch, ["--registry", "claude-sessions"], { env: { CLAUDE_CONFIG_DIR: named } });
  expect(by(report, "verdict", "reason", "action")).toEqual(expected);
  expect(existsSync(other)).toBe(true);
});

test("a profile that a live process was started with is swept, and the dead of it go", async () => {
  const scratch = newScratch();
  const profile = join(scratch.dir, "profile");
  mkdirSync(profile);
  const [live, dead] = [await idle({ argv0: "claude", env: { HOME: scratch.home, CLAUDE_CONFIG_DIR: profile } }), await gonePid()];
  record(profile, live);
  record(profile, dead);
  expect(await said(scratch, "--registry", "claude-sessions")).toEqual({
    [`${live.pid}.json`]: "live pid-alive kept",
    [`${dead.pid}.json`]: "ghost pid-gone reaped",
  });
});

test("a profile of a process that runs under another home is left alone", async () => {
  const scratch = newScratch();
  const profile = join(scratch.dir, "profile");
  mkdirSync(profile);
  await idle({ argv0: "claude", env: { HOME: scratch.dir, CLAUDE_CONFIG_DIR: profile } });
  const path = record(profile, await gonePid());
  expect(await said(scratch, "--registry", "claude-sessions")).toEqual({});
  expect(existsSync(path)).toBe(true);
});

test("the workers of a profile are its own daemon's while that one runs, whatever becomes of another profile's", async () => {
  const scratch = newScratch();
  const [daemon, worker, dead] = [await idle({ argv0: "claude" }), await gonePid(), await gonePid()];
  const [work, usual] = [join(scratch.home, ".claude-work"), join(scratch.home, ".claude")];
  const roster = (name: string): string =>
    JSON.stringify({ workers: { [name]: { pid: worker.pid, procStart: worker.startTicks, sessionId: randomUUID(), startedAt: 1 } } });
  const lock = ({ pid, startTicks }: Holder): string => JSON.stringify({ pid, procStart: startTicks, startedAt: 1 });
  writeOld(join(work, "daemon", "roster.json"), roster("ofwork"));
  writeOld(join(work, "daemon.lock"), lock(daemon));
  writeOld(join(usual, "daemon", "roster.json"), roster("usual"));
  writeOld(join(usual, "daemon.lock"), lock(dead));
  expect(await said(scratch, "--registry", "claude-roster")).toEqual({
    ofwork: "ghost pid-gone withheld",
    usual: "ghost pid-gone reaped",
  });
});

test("a home of Codex that a live process uses is swept", async () => {
  const scratch = newScratch();
  const home = join(scratch.dir, "codex");
  const [live, dead] = [await idle({ argv0: "codex", env: { HOME: scratch.home, CODEX_HOME: home } }), await gonePid()];
  const identity = ({ startTicks }: Holder): object => ({ bootId: bootId(), startTicks: Number(startTicks) });
  const write = (name: string, holder: Holder): string =>
    writeOld(join(home, "app-server-daemon", name), JSON.stringify({ pid: holder.pid, processIdentity: identity(holder) }));
  write("daemon.pid", live);
  write("daemon-updater.pid", dead);
  expect(await said(scratch, "--registry", "codex-daemon-pid")).toEqual({
    "daemon.pid": "live pid-alive kept",
    "daemon-updater.pid": "ghost pid-gone reaped",
  });
});
