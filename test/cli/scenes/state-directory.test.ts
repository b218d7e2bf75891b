import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { takeRunLock } from "../../../src/host/state/run-lock.ts";
import type { Guard } from "../../../src/report/model/guards.ts";
import { gonePid, idle, until } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";
import { installCode, isThere, newSession, startAlone } from "../agents.ts";
import {
  copiedTool,
  daysAgo,
  declareRegistry,
  leaveOut,
  newScratch,
  nobodysScratch,
  parseOnly,
  sessreap,
  startSessreap,
  writeOld,
  type RunOptions,
  type Scratch,
} from "../harness.ts";
import { noStrace } from "../strace.ts";

async function guardsOf(scratch: Scratch, options: RunOptions = {}): Promise<readonly Guard[]> {
  const { stdout, stderr } = await sessreap(scratch, ["doctor", "--json"], options);
  return (parseOnly(stdout, stderr) as { readonly guards: readonly Guard[] }).guards;
}

async function guardOf(kind: string, scratch: Scratch, options: RunOptions = {}): Promise<Guard | undefined> {
  return (await guardsOf(scratch, options)).find(({ guard }) => guard === kind);
}

/** A registry of so many ghosts. */
async function ghosts(scratch: Scratch, count: number): Promise<string> {
  const { pid } = await gonePid();
  const entries = Array.from({ length: count }, (_, nth) => [`ghost-${nth}`, { pid, since: daysAgo(1) }]);
  return writeOld(declareRegistry(scratch), JSON.stringify(Object.fromEntries(entries)));
}

const linesOf = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");

if (!isRoot) leaveOut("state directories that are full, root's, or of a user without an account", "only root can make them");

describe.runIf(isRoot)("a state directory in which nothing can be kept", () => {
  test("is said once, with its cure, by every command, and by doctor", async () => {
    const scratch = nobodysScratch();
    const path = await ghosts(scratch, 502);
    chmodSync(path, 0o666);
    const before = readFileSync(path, "utf8");
    mkdirSync(scratch.stateDir, { mode: 0o700 });
    for (const words of [[], ["reap", "ghost-1"], ["watch"], ["restore", "ghost-1"], ["history"]]) {
      const { code, stdout, stderr } = await sessreap(scratch, words, { asNobody: true });
      expect(stderr).toMatch(
        /^error {3}the state directory \S+ cannot be used: permission denied \(EACCES\)\n {8}do: let this user read and write/,
      );
      expect(linesOf(stderr + stdout)).toHaveLength(2);
      expect(code).toBe(1);
    }
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(await guardOf("state", scratch, { asNobody: true })).toMatchObject({ posture: "off", cause: "state-unwritable" });
    chownSync(scratch.stateDir, nobody, nobody);
    expect(await guardOf("state", scratch, { asNobody: true })).toMatchObject({ posture: "on", cause: "fine" });
  });

  test("because its disk is full, is said once, and nothing is reaped", async () => {
    const scratch = newScratch();
    const path = await ghosts(scratch, 502);
    const before = readFileSync(path, "utf8");
    mkdirSync(scratch.stateDir);
    const fill = `mount -t tmpfs -o size=16k,mode=0700 none "$0" && head -c 16384 /dev/zero > "$0/full"; exec "$@"`;
    const options = { under: ["unshare", "-m", "sh", "-c", fill, scratch.stateDir] };
    const { code, stdout, stderr } = await sessreap(scratch, [], options);
    expect(stderr).toMatch(
      /^error {3}the state directory \S+ cannot be used: .*\(ENOSPC\)\n {8}do: make room there, or set SESSREAP_STATE_DIR\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(await guardOf("state", scratch, options)).toMatchObject({ posture: "off", cause: "state-unwritable" });
  });
});

/** The history cannot be written, while all else that is kept can be. */
function loseHistory({ stateDir }: Scratch): void {
  mkdirSync(join(stateDir, "history.jsonl"), { recursive: true, mode: 0o700 });
}

const unkeptHistory = /^warning its history could not be kept in the state directory: .*\(EISDIR\)$/;

describe("what is done though the history cannot be written", () => {
  test("owners --retire ends what it was told to, says what is not kept once, and exits 0", async () => {
    const scratch = newScratch();
    const session = newSession();
    const code = installCode(scratch);
    const [first, second, newest] = [
      await startAlone(scratch, code, ["resume", session]),
      await startAlone(scratch, code, ["resume", session]),
      await startAlone(scratch, code, ["resume", session]),
    ];
    loseHistory(scratch);
    const ran = await sessreap(scratch, ["owners", "--session", session, "--retire", "older", "--yes"]);
    expect([first, second, newest].map(isThere)).toEqual([false, false, true]);
    expect(linesOf(ran.stderr)).toEqual([expect.stringMatching(unkeptHistory)]);
    expect(ran.code).toBe(0);
  });

  test("exec ends the other, runs its command, reaps its entry and hands on its exit code", async () => {
    const scratch = newScratch();
    const session = newSession();
    const path = declareRegistry(scratch);
    writeOld(path, JSON.stringify({ a: { pid: (await gonePid()).pid, id: session, since: daysAgo(1) } }));
    const other = await startAlone(scratch, installCode(scratch), ["resume", session]);
    loseHistory(scratch);
    const ran = await sessreap(scratch, ["exec", "--session", session, "--on-conflict", "retire", "--", "sh", "-c", "exit 7"]);
    expect(isThere(other)).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("{}");
    expect(linesOf(ran.stderr)).toEqual([expect.stringMatching(unkeptHistory)]);
    expect(ran.code).toBe(7);
  });

  test("reap takes the entry, and exits 0", async () => {
    const scratch = newScratch();
    const path = await ghosts(scratch, 1);
    loseHistory(scratch);
    const ran = await sessreap(scratch, ["reap", "ghost-0"]);
    expect(readFileSync(path, "utf8")).toBe("{}");
    expect(linesOf(ran.stderr)).toEqual([expect.stringMatching(unkeptHistory)]);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ghost-0 {2}reaped/) });
  });
});

test.runIf(isRoot)(
  "exec runs its command and hands on its exit code where nothing can be kept, and says that the entry stays",
  async () => {
    const scratch = nobodysScratch();
    const session = newSession();
    const path = declareRegistry(scratch);
    writeOld(path, JSON.stringify({ a: { pid: (await gonePid()).pid, id: session, since: daysAgo(1) } }));
    const before = readFileSync(path, "utf8");
    mkdirSync(scratch.stateDir, { mode: 0o700 });
    const ran = await sessreap(scratch, ["exec", "--session", session, "--", "sh", "-c", "echo ran; exit 7"], { asNobody: true });
    expect(linesOf(ran.stderr)).toEqual([
      expect.stringMatching(/^warning the registration stays: the state directory \S+ cannot be used: .*\(EACCES\); let this user/),
    ]);
    expect(ran).toMatchObject({ code: 7, stdout: "ran\n" });
    expect(readFileSync(path, "utf8")).toBe(before);
  },
);

test.runIf(isRoot)("doctor works for a user who has no account", async () => {
  const scratch = newScratch("/tmp");
  const user = 54_321;
  for (const place of [scratch.dir, scratch.home]) chownSync(place, user, user);
  const under = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const { code, stdout, stderr } = await sessreap(scratch, ["doctor"], { under, tool: copiedTool(scratch) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^\d+ of \d+ guards needs? you\.$/m);
});

test("a sweep that has run for three days is stuck: doctor says so, watch does once, and a sweep that it turns away does", async () => {
  const scratch = newScratch();
  writeOld(declareRegistry(scratch), "{}");
  expect((await sessreap(scratch, [])).code).toBe(0);
  const record = join(scratch.stateDir, "last-run.json");
  const run = JSON.parse(readFileSync(record, "utf8")) as object;
  const { pid, startTicks } = await idle();
  const lock = await takeRunLock(scratch.stateDir);
  const said = `a sweep is stuck: pid ${pid} began it 3d ago`;
  const began = (days: number): void =>
    writeFileSync(record, JSON.stringify({ ...run, pid, startTicks, started: daysAgo(days), finished: null, ok: null }));
  began(0);
  expect(await guardOf("run-lock", scratch)).toMatchObject({ posture: "on", detail: "a sweep is running" });
  began(3);
  expect(await guardOf("run-lock", scratch)).toMatchObject({ posture: "off", cause: "stuck", detail: expect.stringContaining(said) });
  const turnedAway = await sessreap(scratch, []);
  expect(turnedAway.stderr).toContain(`${said} (`);
  expect(turnedAway.stderr).toContain(`end it (kill ${pid})`);
  expect(turnedAway.code).toBe(75);
  const watcher = startSessreap(scratch, ["watch"]);
  let errors = "";
  watcher.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  await until("the watch says it", () => errors.includes(said));
  // It is turned away every three seconds.
  await new Promise((resolve) => void setTimeout(resolve, 4_000));
  watcher.kill("SIGTERM");
  expect(linesOf(errors).filter((line) => line.includes(said))).toHaveLength(1);
  lock?.release();
});

const untraced = noStrace();
if (untraced !== undefined) leaveOut("errors of the run lock", untraced);

describe.skipIf(untraced !== undefined)("an error while the run lock is taken is named for what it is", () => {
  test.each([
    ["no memory for the lock of the directory", 1, "ENOBUFS", "give it more memory"],
    ["no socket for the name that version 0.1.0 takes", 2, "EACCES", "let this process listen at Unix sockets"],
    ["too many open files", 2, "EMFILE", "raise its limit of open files"],
  ])("%s", async (_, nth, error, cure) => {
    const scratch = newScratch();
    const path = await ghosts(scratch, 1);
    const before = readFileSync(path, "utf8");
    const inject = `inject=bind:error=${error}:when=${nth}`;
    const under = ["strace", "-f", "-qq", "-o", join(scratch.dir, "bind.log"), "-e", "trace=bind", "-e", inject];
    const { code, stdout, stderr } = await sessreap(scratch, [], { under });
    expect(stderr).toMatch(/^error {3}the run lock cannot be taken: [a-z ]+ \([A-Z]+\); [^\n]+\n$/);
    expect(stderr).toContain(`(${error}); ${cure}`);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(readFileSync(path, "utf8")).toBe(before);
    // The lock that was taken before the error is free again.
    expect((await sessreap(scratch, ["--now"])).code).toBe(0);
  });
});

test("a sweep that may open few files says so of each entry that stays for that, and takes the entry where they are enough", async () => {
  const said: string[] = [];
  for (let files = 20; files < 45; files += 1) {
    const scratch = newScratch();
    const path = await ghosts(scratch, 1);
    const { stdout, stderr } = await sessreap(scratch, ["sweep", "--fields", "key,action,detail"], {
      under: ["prlimit", `--nofile=${files}`],
    });
    said.push(`${stdout}${stderr} ${Object.keys(JSON.parse(readFileSync(path, "utf8")) as object).length}`);
  }
  expect(said.join("\n")).not.toContain("Cannot read properties");
  expect(said.filter((one) => one.includes("failed") && !/EMFILE|ENFILE/.test(one))).toEqual([]);
  expect(said.some((one) => one.includes("spawn perl EMFILE") && one.endsWith(" 1"))).toBe(true);
  expect(said.at(-1)).toMatch(/reaped[^]* 0$/);
});
