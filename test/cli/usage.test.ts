import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { takeRunLock } from "../../src/host/state/run-lock.ts";
import { daysAgo, declareRegistry, leaveOut, newScratch, parseOnly, sessreap, sweepReport, writeOld } from "./harness.ts";
import { execFileSync } from "node:child_process";
import { gonePid } from "../processes.ts";

const since = daysAgo(1);

async function oneGhost() {
  const scratch = newScratch();
  const path = declareRegistry(scratch);
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  return { scratch, path, text };
}

const more = (name?: string): string => `more: sessreap ${name === undefined ? "" : `${name} `}--help`;

test.each([
  ["swep", `unknown command "swep"; did you mean sweep?; ${more()}`],
  ["frobnicate", `unknown command "frobnicate"; ${more()}`],
  ["help lst", `unknown command "lst"; did you mean list?; ${more()}`],
  ["help frobnicate", `unknown command "frobnicate"; ${more()}`],
  ["--dry-run lst", `unknown command "lst"; did you mean list?; ${more()}`],
  ["--dry-run list", "the command comes first: sessreap list …"],
  ["sweep extra", `sweep takes no word "extra"; ${more("sweep")}`],
  ["explain one two", `explain takes no word "two"; ${more("explain")}`],
  ["--frobnicate", `unknown option --frobnicate; ${more("sweep")}`],
  ["--dry-rum", `unknown option --dry-rum; did you mean --dry-run?; ${more("sweep")}`],
  ["units install --folow x", `unknown option --folow; did you mean --follow?; ${more("units")}`],
  ["list --dry-run", `list has no --dry-run; it is an option of sweep, restore, units, fleet; ${more("list")}`],
  ["--grace", `option --grace <duration> argument missing; ${more("sweep")}`],
  ["explain", `missing required argument key; ${more("explain")}`],
  ["restore", "name the entries to put back, or a sweep with --sweep; sessreap restore --sweep last, or sessreap history"],
  ["-n --registry claude-session", '--registry: "claude-session" is neither a file nor a format; did you mean the format claude-sessions?'],
  [
    "list --registry nobody.json",
    '--registry: "nobody.json" is neither a file nor a format; name one that is yet to come by its whole path',
  ],
  ["--color sometimes", '--color: "sometimes" is not one of auto, always, never'],
])("%j is a usage error: one line, or one document, and exit code 2", async (line, message) => {
  const { scratch, path, text } = await oneGhost();
  const words = line.split(" ");
  const failed = { code: 2, signal: null, stdout: "", stderr: `error   ${message.replaceAll("; ", "\n        ")}\n` };
  expect(await sessreap(scratch, words)).toEqual(failed);
  const isCommand = words[0]?.startsWith("-") === false;
  const json = await sessreap(scratch, isCommand ? [...words, "--json"] : ["--json", ...words]);
  expect(json).toMatchObject({ code: 2, stderr: "" });
  expect(parseOnly(json.stdout)).toEqual({ schema: 1, error: { code: "usage", message }, exitCode: 2 });
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(readdirSync(scratch.dir).toSorted()).toEqual(["agents.json", "home"]);
});

test("help and version go to stdout, with exit code 0, and say what the exit codes mean", async () => {
  const scratch = newScratch();
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(await sessreap(scratch, ["--version"])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
  for (const words of [["--help"], ["help"], ["sweep", "--help"], ["help", "restore"]]) {
    const { code, stdout, stderr } = await sessreap(scratch, words);
    expect({ code, stderr, usage: stdout.includes("  sessreap ") }).toEqual({ code: 0, stderr: "", usage: true });
  }
  expect((await sessreap(scratch, ["sweep", "--help"])).stdout).toMatch(/Exit codes\n.*75 +another sweep is running/s);
});

test("while a sweep runs another one is turned away, and so is a restore; looking is free", async () => {
  const { scratch, path, text } = await oneGhost();
  const lock = await takeRunLock(scratch.stateDir);
  if (lock === undefined) throw new Error("the run lock of a new directory is taken");
  const refused = "error   another sweep of this state directory is running\n        do: try again when it is done\n";
  expect(await sessreap(scratch, [])).toEqual({ code: 75, signal: null, stdout: "", stderr: refused });
  const json = await sessreap(scratch, ["--json"]);
  expect(json.code).toBe(75);
  expect(parseOnly(json.stdout)).toMatchObject({ error: { code: "busy" }, exitCode: 75 });
  expect((await sessreap(scratch, ["--dry-run"])).code).toBe(0);
  expect((await sessreap(scratch, ["list"])).code).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  lock.release();
  const report = await sweepReport(scratch, []);
  expect(report.summary.reaped).toBe(1);
  const again = await takeRunLock(scratch.stateDir);
  expect((await sessreap(scratch, ["restore", "ghost"])).code).toBe(75);
  expect(readFileSync(path, "utf8")).toBe("{}");
  again?.release();
});

test("the run lock is the directory's, however its path is spelt", async () => {
  const { scratch } = await oneGhost();
  mkdirSync(scratch.stateDir);
  const lock = await takeRunLock(scratch.stateDir);
  const { code } = await sessreap(scratch, [], { env: { SESSREAP_STATE_DIR: join(scratch.dir, "home", "..", "state") } });
  expect(code).toBe(75);
  lock?.release();
});

test("--exit-code tells ghosts by 10, where a command only looks", async () => {
  const { scratch } = await oneGhost();
  const code = async (...words: string[]): Promise<number | null> => (await sessreap(scratch, words)).code;
  expect(await code("list")).toBe(0);
  expect(await code("--dry-run")).toBe(0);
  expect(await code("list", "--exit-code")).toBe(10);
  expect(await code("--dry-run", "--exit-code")).toBe(10);
  expect(await code("--exit-code")).toBe(0);
  expect(await code("list", "--exit-code")).toBe(0);
});

test("an entry that nobody registered cannot be explained; the nearest key is offered", async () => {
  const { scratch } = await oneGhost();
  const { code, stderr } = await sessreap(scratch, ["explain", "gost"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'error   no registration is called "gost"; did you mean "ghost"?\n' });
});

test("explain shows the answer of every rung, and its rule", async () => {
  const { scratch, text, path } = await oneGhost();
  const { code, stdout } = await sessreap(scratch, ["explain", "ghost", "-v"]);
  expect(code).toBe(0);
  for (const word of ["grace: ", "attached-process: ", "app-server-thread: ", "ttl: ", "ghost: ", "pid-gone: "])
    expect(stdout).toContain(word);
  expect(readFileSync(path, "utf8")).toBe(text);
});

function unshareWorks(): string | undefined {
  try {
    execFileSync("unshare", ["-fp", "true"], { stdio: "ignore" });
    return undefined;
  } catch (error) {
    return String(error).split("\n")[0];
  }
}

test("a sweep that cannot see itself in /proc refuses with exit code 4, and says why", async ({ skip }) => {
  const why = unshareWorks();
  if (why !== undefined) {
    leaveOut("a pid namespace with the old /proc", why);
    skip();
  }
  const { scratch, path, text } = await oneGhost();
  const { code, stderr } = await sessreap(scratch, [], { under: ["unshare", "-fp"] });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^refused this sweep cannot see itself: it is pid 1, and \/proc shows it as \d+; nothing was touched$/m);
  const report = await sweepReport(scratch, [], { under: ["unshare", "-fp"] });
  expect(report).toMatchObject({ exitCode: 4, refusal: expect.stringContaining("cannot see itself") as string, summary: { reaped: 0 } });
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("as pid 1 of a namespace of its own it refuses, too, unless that is declared to be all there is", async ({ skip }) => {
  const why = unshareWorks();
  if (why !== undefined) {
    leaveOut("a pid namespace of its own", why);
    skip();
  }
  const { scratch, path, text } = await oneGhost();
  const under = ["unshare", "-fp", "--mount-proc"];
  const { code, stderr } = await sessreap(scratch, [], { under });
  expect(code).toBe(4);
  expect(stderr).toContain('declare "pidNamespace": "own" if no other shares these files');
  expect(readFileSync(path, "utf8")).toBe(text);
  const report = await sweepReport(scratch, [], { under, env: { SESSREAP_PID_NAMESPACE: "own" } });
  expect(report).toMatchObject({ exitCode: 0, summary: { reaped: 1 } });
});

test("inside a container, not as its first process, an entry without a namespace is kept by doubt", async ({ skip }) => {
  const why = unshareWorks();
  if (why !== undefined) {
    leaveOut("a sweep inside a pid namespace", why);
    skip();
  }
  const { scratch, path, text } = await oneGhost();
  const under = ["unshare", "-fp", "--mount-proc", "/bin/sh", "-c", '"$0" "$@"; exit $?'];
  const report = await sweepReport(scratch, [], { under });
  expect(report.exitCode).toBe(0);
  expect(report.entries.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual(["undecided foreign-pid-namespace"]);
  const { stderr } = await sessreap(scratch, [], { under });
  expect(stderr).toMatch(/^warning entries are kept because the processes cannot be seen: /m);
  expect(readFileSync(path, "utf8")).toBe(text);
});
