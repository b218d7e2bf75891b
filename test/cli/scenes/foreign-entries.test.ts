import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { by, daysAgo, declareRegistry, leaveOut, newScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { fields } from "../../fields.ts";
import { bootId, gonePid, idle } from "../../processes.ts";

/** Before this machine can have been booted, and shortly after it was. */
const long = daysAgo(1000);
const sinceBoot = new Date(Date.now() - uptime() * 500).toISOString();
/** A file that was last written then is older than this boot. */
const beforeBootMs = 1000 * 86_400_000;

const said = async (scratch: Scratch, ...words: readonly string[]) =>
  by(await sweepReport(scratch, [...words, "--now", "--grace", "0"]), "verdict", "reason", "action");

test("what a kernel beside ours registered in this boot is kept, and what an earlier boot of ours left goes", async () => {
  const scratch = newScratch();
  const [gone, alive] = [await gonePid(), await idle()];
  const path = declareRegistry(scratch);
  const [other, here] = [randomUUID(), bootId()];
  writeOld(
    path,
    JSON.stringify({
      "microVM, its pid is gone here": { pid: gone.pid, boot: other, since: sinceBoot },
      "microVM, its pid is another's here": { pid: alive.pid, start: "1", boot: other, since: sinceBoot },
      "microVM, without hyphens": { pid: gone.pid, boot: other.replaceAll("-", ""), since: sinceBoot },
      "earlier boot": { pid: alive.pid, start: alive.startTicks, boot: other, since: long },
      "earlier boot, its start with its boot": { pid: alive.pid, start: `${other}:${alive.startTicks}`, since: long },
      "this boot": { pid: gone.pid, boot: here, since: sinceBoot },
      "this boot without hyphens, in capitals": {
        pid: alive.pid,
        start: alive.startTicks,
        boot: here.replaceAll("-", "").toUpperCase(),
        since: sinceBoot,
      },
    }),
  );
  expect(await said(scratch)).toEqual({
    "microVM, its pid is gone here": "undecided foreign-host kept",
    "microVM, its pid is another's here": "undecided foreign-host kept",
    "microVM, without hyphens": "undecided foreign-host kept",
    "earlier boot": "ghost previous-boot reaped",
    "earlier boot, its start with its boot": "ghost previous-boot reaped",
    "this boot": "ghost pid-gone reaped",
    "this boot without hyphens, in capitals": "live pid-alive kept",
  });
});

test("a member that does not say when is as new as the last change of its file, whose time its writer set back", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const path = declareRegistry(scratch);
  const rows = {
    "without a time": { pid: gone.pid, boot: randomUUID() },
    "registered long ago": { pid: gone.pid, boot: randomUUID(), since: long },
  };
  writeOld(path, JSON.stringify(rows), beforeBootMs);
  expect(await said(scratch)).toEqual({
    "without a time": "undecided foreign-host kept",
    "registered long ago": "ghost previous-boot reaped",
  });
});

function record(scratch: Scratch, pid: number, more: Readonly<Record<string, unknown>> = {}): string {
  const body = { pid, sessionId: randomUUID(), procStart: "1", version: "2.1.332", kind: "interactive", ...more };
  return writeOld(join(scratch.home, ".claude", "sessions", `${pid}.json`), JSON.stringify(body), beforeBootMs);
}

const sessions = ["--registry", "claude-sessions"];

test("beside a record of another machine one that does not say where its pid is counted is kept, and goes alone", async () => {
  const scratch = newScratch();
  const [silent, ours, alive] = [await gonePid(), await gonePid(), await idle({ argv0: "claude" })];
  const namespace = statSync("/proc/self/ns/pid").ino;
  record(scratch, silent.pid);
  record(scratch, ours.pid, { pidDomain: `linux::pid:[${namespace}]` });
  record(scratch, alive.pid, { procStart: alive.startTicks });
  const theirs = record(scratch, 31_000, { pidDomain: "linux:0123456789abcdef0123456789abcdef:pid:[4026531836]" });
  expect(await said(scratch, ...sessions)).toEqual({
    [`${silent.pid}.json`]: "undecided foreign-pid-namespace kept",
    [`${ours.pid}.json`]: "ghost pid-gone reaped",
    [`${alive.pid}.json`]: "live pid-alive kept",
    "31000.json": "undecided foreign-host kept",
  });
  expect(existsSync(theirs)).toBe(true);
  const alone = newScratch();
  record(alone, silent.pid);
  expect(await said(alone, ...sessions)).toEqual({ [`${silent.pid}.json`]: "ghost pid-gone reaped" });
});

test("a marker that names another machine is kept although no process has its pid here", async () => {
  const scratch = newScratch();
  const [theirs, ours] = [await gonePid(), await gonePid()];
  const cache = join(scratch.home, ".claude", "plugins", "cache");
  const mark = (pid: number, body: unknown) =>
    writeOld(join(cache, "market", "plugin", "1.0.0", ".in_use", String(pid)), JSON.stringify(body), beforeBootMs);
  mark(ours.pid, { pid: ours.pid, procStart: "1", pidDomain: `linux::pid:[${statSync("/proc/self/ns/pid").ino}]` });
  mark(theirs.pid, { pid: theirs.pid, procStart: "1", pidDomain: "linux:0123456789abcdef0123456789abcdef:pid:[4026531836]" });
  const report = await said(scratch, "--registry", "claude-plugin-in-use");
  expect(Object.values(report).toSorted()).toEqual(["ghost pid-gone reaped", "undecided foreign-host kept"]);
});

test("a registry that is declared to be shared keeps what does not say where its pid is counted", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const rows = {
    silent: { pid: gone.pid, since: long },
    "names this host": { pid: gone.pid, host: hostname(), since: long },
    "names this boot": { pid: gone.pid, boot: bootId(), since: long },
  };
  writeOld(declareRegistry(scratch, { shared: true }), JSON.stringify(rows));
  const kept = { silent: "undecided foreign-pid-namespace kept" };
  const named = { "names this host": "ghost pid-gone reaped", "names this boot": "ghost pid-gone reaped" };
  expect(await said(scratch)).toEqual({ ...kept, ...named });
  declareRegistry(scratch, {});
  expect(await said(scratch)).toEqual({ silent: "ghost pid-gone reaped" });
});

test("fields for a machine's id and a pid namespace tell where an entry's pid is counted", async () => {
  const scratch = newScratch();
  const gone = await gonePid();
  const more = { machineId: "machine", pidNamespace: "ns" } as const;
  const path = declareRegistry(scratch, { fields: { ...fields, ...more } });
  const inode = statSync("/proc/self/ns/pid").ino;
  const rows = {
    "this namespace": { pid: gone.pid, ns: `pid:[${inode}]`, since: long },
    "another namespace": { pid: gone.pid, ns: 4_026_539_999, since: long },
    "another machine": { pid: gone.pid, machine: "0123456789abcdef0123456789abcdef", since: long },
  };
  writeOld(path, JSON.stringify(rows));
  expect(await said(scratch)).toEqual({
    "this namespace": "ghost pid-gone reaped",
    "another namespace": "undecided foreign-pid-namespace kept",
    "another machine": "undecided foreign-host kept",
  });
});

test("a live pid under a name that a registry's holders cannot have is a doubt, and under one of theirs a holder", async () => {
  const scratch = newScratch();
  const [ours, other] = [await idle({ argv0: "hivemind" }), await idle({ argv0: "quill" })];
  const path = declareRegistry(scratch, { holders: ["HiveMind"] });
  writeOld(path, JSON.stringify({ ours: { pid: ours.pid, since: long }, other: { pid: other.pid, since: long } }));
  expect(await said(scratch)).toEqual({ ours: "live pid-alive kept", other: "undecided pid-unproven kept" });
  declareRegistry(scratch);
  expect(await said(scratch)).toEqual({ ours: "live pid-alive kept", other: "live pid-alive kept" });
});

const flags = ["--pid", "--fork", "--mount-proc"];

function leaveOutWithoutNamespaces({ skip }: TestContext): void {
  const { status, stderr } = spawnSync("unshare", [...flags, "/bin/true"], { encoding: "utf8" });
  if (status === 0) return;
  leaveOut(`namespaces (unshare ${flags.join(" ")})`, stderr?.trim() ?? "there is no unshare here");
  skip();
}

test("pid 1 is a holder in a container that is all there is, and none on the machine itself", async (context) => {
  leaveOutWithoutNamespaces(context);
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const write = () => writeOld(path, JSON.stringify({ first: { pid: 1, since: long }, gone: { pid: 30_001, since: long } }));
  write();
  expect(await said(scratch)).toEqual({ first: "undecided malformed-entry kept", gone: expect.stringContaining("pid-gone") });
  write();
  const under = ["unshare", ...flags, "/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const inside = async (env: Readonly<Record<string, string>>) =>
    by(await sweepReport(scratch, ["--now", "--grace", "0"], { under, env }), "verdict", "reason", "action");
  const foreign = "undecided foreign-pid-namespace kept";
  expect(await inside({})).toEqual({ first: foreign, gone: foreign });
  expect(await inside({ SESSREAP_PID_NAMESPACE: "own" })).toEqual({
    first: "live own-ancestor kept",
    gone: "ghost pid-gone reaped",
  });
});
