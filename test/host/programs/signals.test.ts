import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { signalByPidfd } from "../../../src/host/programs/pidfd.ts";
import { signalExactly, type Identity } from "../../../src/host/programs/signals.ts";
import { gonePid, leaderless, launch, startTicksOf, until, zombie } from "../../processes.ts";

const path = process.env["PATH"];
let directory: string | undefined;
afterEach(() => {
  process.env["PATH"] = path;
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

const uid = process.getuid?.() ?? -1;

async function running(): Promise<{ readonly child: ChildProcess; readonly identity: Identity }> {
  const child = launch("sh", ["-c", "echo ready; exec sleep 600"], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  const pid = child.pid as number;
  return { child, identity: { pid, startTicks: startTicksOf(pid), uid } };
}

/** A PATH on which perl is this script, or none at all. */
function withPerl(script: string | undefined): void {
  directory = mkdtempSync(join(tmpdir(), "sessreap-signals-"));
  if (script !== undefined) writeFileSync(join(directory, "perl"), `#!/bin/sh\n${script}\n`);
  if (script !== undefined) chmodSync(join(directory, "perl"), 0o755);
  process.env["PATH"] = directory;
}

const here = signalByPidfd([], []);

test.runIf(process.platform === "linux")("this machine signals through pidfds", () => {
  expect(here).toEqual({ ok: true, spared: false, outcomes: [] });
});

test.each([
  ["pidfd", undefined],
  ["pid", "exit 127"],
  ["pid", "echo unsupported perl is for another machine"],
  ["pid", "echo 'unsupported pidfd_open: Function not implemented'"],
])("by %s, where perl is %j, the process that is meant ends, and no other", async (via, perl) => {
  const [meant, other, reused] = [await running(), await running(), await running()];
  if (perl !== undefined) withPerl(perl);
  const ends = once(meant.child, "exit");
  const strangers = [
    { ...reused.identity, startTicks: "1" },
    { ...other.identity, pid: 4_194_304 },
  ];
  const sent = signalExactly([meant.identity, ...strangers], ["SIGTERM", "SIGCONT"]);
  expect(sent).toEqual([
    { via, problem: undefined },
    { via, problem: undefined },
    { via, problem: undefined },
  ]);
  expect((await ends)[1]).toBe("SIGTERM");
  expect([other.child.exitCode, other.child.signalCode, reused.child.signalCode]).toEqual([null, null, null]);
});

test("without perl the start is read and the pid signalled", async () => {
  const { child, identity } = await running();
  withPerl(undefined);
  const ends = once(child, "exit");
  expect(signalExactly([identity], ["SIGKILL"])).toEqual([{ via: "pid", problem: undefined }]);
  expect((await ends)[1]).toBe("SIGKILL");
});

test.each([
  ["0, every process of the group,", 0],
  ["1, the machine's first process,", 1],
  ["-1, every process there is,", -1],
  ["the sweep's own", process.pid],
  ["1.5, which is none,", 1.5],
])("pid %s is never signalled", (_which, pid) => {
  const [sent] = signalExactly([{ pid, startTicks: startTicksOf(process.pid), uid }], ["SIGCONT"]);
  expect(sent?.problem).toContain("is never signalled");
});

test.each([undefined, "exit 127"])("a process of another user is not signalled, where perl is %j", async (perl) => {
  const { child, identity } = await running();
  if (perl !== undefined) withPerl(perl);
  const [sent] = signalExactly([{ ...identity, uid: identity.uid + 1 }], ["SIGTERM"]);
  expect(sent?.problem).toContain("another user's");
  expect(child.signalCode).toBeNull();
});

test.each([
  ["pidfd", undefined],
  ["pid", "exit 127"],
] as const)("by %s, where perl is %j, none is sent when one that was to stay has ended, or its pid is another's", async (via, perl) => {
  const [meant, stays] = [await running(), await running()];
  const { pid, startTicks } = await gonePid();
  if (perl !== undefined) withPerl(perl);
  for (const ended of [
    { pid, startTicks, uid },
    { ...stays.identity, startTicks: "1" },
  ]) {
    const sent = signalExactly([meant.identity], ["SIGKILL"], [stays.identity, ended]);
    expect(sent).toEqual([{ via, problem: undefined, spared: true }]);
  }
  expect([meant.child.exitCode, meant.child.signalCode]).toEqual([null, null]);
  const ends = once(meant.child, "exit");
  expect(signalExactly([meant.identity], ["SIGTERM"], [stays.identity])).toEqual([{ via, problem: undefined }]);
  expect((await ends)[1]).toBe("SIGTERM");
});

test.each([
  ["pidfd", undefined],
  ["pid", "exit 127"],
] as const)(
  "by %s, where perl is %j, a process whose first thread has ended is there: it is signalled, and can be what stays",
  async (via, perl) => {
    const [{ pid, startTicks }, meant] = [await leaderless("perl"), await running()];
    if (perl !== undefined) withPerl(perl);
    const stays = { pid, startTicks, uid };
    expect(signalExactly([meant.identity], ["SIGCONT"], [stays])).toEqual([{ via, problem: undefined }]);
    expect(signalExactly([stays], ["SIGKILL"])).toEqual([{ via, problem: undefined }]);
    await until("it has ended", () => !existsSync(`/proc/${pid}`));
  },
);

test("a zombie is gone, which is no problem", async () => {
  const { pid, startTicks } = await zombie();
  expect(signalExactly([{ pid, startTicks, uid }], ["SIGTERM"])).toEqual([{ via: "pidfd", problem: undefined }]);
});
