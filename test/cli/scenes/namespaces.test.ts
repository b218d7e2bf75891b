import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { SweepDocument } from "../../../src/report/model/sweep.ts";
import {
  by,
  configure,
  copiedTool,
  daysAgo,
  declareRegistry,
  downServer,
  leaveOut,
  newScratch,
  nobodysScratch,
  parseOnly,
  sessreap,
  sweepReport,
  writeOld,
  type Scratch,
} from "../harness.ts";
import { endByPid, gonePid, idle, start, startTicksOf, until } from "../../processes.ts";
import { isRoot, nobody } from "../../users.ts";

/** Runs `command` in new namespaces: what the shell is given after its script is the tool's own command line. */
const within = (flags: readonly string[], script: string): readonly string[] => ["unshare", ...flags, "/bin/sh", "-c", script, "sh"];

const oldProc = ["--pid", "--fork"];
const ownProc = ["--pid", "--fork", "--mount-proc"];
/** Not the first process of its namespace, as in a container that has an init. */
const underInit = '"$@"; exit $?';

function leaveOutWithout(flags: readonly string[], { skip }: TestContext): void {
  const { status, stderr } = spawnSync("unshare", [...flags, "/bin/true"], { encoding: "utf8" });
  if (status === 0) return;
  leaveOut(`namespaces (unshare ${flags.join(" ")})`, stderr?.trim() ?? "there is no unshare here");
  skip();
}

function session({ home }: Scratch, pid: number, procStart: string | undefined): string {
  const body = { pid, sessionId: randomUUID(), startedAt: 1_780_000_000_000, procStart, version: "2.1.197", kind: "interactive" };
  return writeOld(join(home, ".claude", "sessions", `${pid}.json`), JSON.stringify(body));
}

const registry = ["--registry", "claude-sessions"];

/** A home with a live session of this machine, with and without a start token, and one that is gone here. */
async function sharedHome(scratch: Scratch) {
  const [alive, unticked, gone] = [await idle(), await idle({ argv0: "claude" }), await gonePid()];
  const files = [session(scratch, alive.pid, alive.startTicks), session(scratch, unticked.pid, undefined), session(scratch, gone.pid, "1")];
  return { files, keys: [alive, unticked, gone].map(({ pid }) => `${pid}.json`) };
}

test("in a pid namespace of its own with its own /proc nothing is reaped, and the report says why", async (context) => {
  leaveOutWithout(ownProc, context);
  const scratch = newScratch();
  const { files, keys } = await sharedHome(scratch);
  const { code, stdout, stderr } = await sessreap(scratch, [...registry, "--now", "--json"], { under: within(ownProc, underInit) });
  expect(by(parseOnly(stdout) as SweepDocument, "verdict", "reason", "action")).toEqual(
    Object.fromEntries(keys.map((key) => [key, "undecided foreign-pid-namespace kept"])),
  );
  expect(code).toBe(0);
  expect(stderr).toContain("pid namespace of its own");
  expect(stderr).toContain('"pidNamespace": "own"');
  expect(files.every((file) => existsSync(file))).toBe(true);
});

test("in a pid namespace of its own with the old /proc the sweep sees that it cannot see, and refuses", async (context) => {
  leaveOutWithout(oldProc, context);
  const scratch = newScratch();
  const { files } = await sharedHome(scratch);
  for (const env of [{}, { SESSREAP_PID_NAMESPACE: "own" }]) {
    const { code, stdout, stderr } = await sessreap(scratch, [...registry, "--now", "--json"], { under: within(oldProc, underInit), env });
    expect(code).toBe(4);
    expect((parseOnly(stdout) as SweepDocument).refusal).toContain("cannot see itself");
    expect(stderr).toContain("nothing was touched");
    expect(files.every((file) => existsSync(file))).toBe(true);
  }
});

test("the first process of a pid namespace refuses to judge, unless the namespace is declared to be all there is", async (context) => {
  leaveOutWithout(ownProc, context);
  const scratch = newScratch();
  const { files } = await sharedHome(scratch);
  const { code, stdout } = await sessreap(scratch, [...registry, "--now", "--json"], { under: within(ownProc, 'exec "$@"') });
  expect([code, (parseOnly(stdout) as SweepDocument).refusal]).toEqual([4, expect.stringContaining("pid 1 of its own namespace")]);
  expect(files.every((file) => existsSync(file))).toBe(true);
});

test.for([
  ["by the environment", true],
  ["by the configuration", false],
] as const)("where a pid namespace is declared %s to be all there is, its own sessions are judged", async ([, byEnv], context) => {
  leaveOutWithout(ownProc, context);
  const scratch = newScratch();
  const dir = join(scratch.home, ".claude", "sessions");
  session(scratch, 30_001, "1");
  writeOld(join(dir, "template"), `{"procStart":"TICKS","startedAt":1780000000000}`);
  const script = `
    sleep 60 & p=$!; t=$(cut -d' ' -f22 /proc/$p/stat)
    sed "s/TICKS/$t/" ${dir}/template > ${dir}/$p.json; touch -d '2026-01-01' ${dir}/$p.json
    "$@"; r=$?; kill $p; exit $r`;
  const configFile = writeOld(join(scratch.dir, "own.json"), JSON.stringify({ pidNamespace: "own" }));
  const words = [...registry, "--now", ...(byEnv ? [] : ["--config", configFile])];
  const report = await sweepReport(scratch, words, {
    under: within(ownProc, script),
    env: byEnv ? { SESSREAP_PID_NAMESPACE: "own" } : {},
  });
  const own = report.entries.find(({ key }) => key !== "30001.json");
  expect(own).toMatchObject({ verdict: "live", reason: "pid-alive", action: "kept" });
  expect(report.entries.find(({ key }) => key === "30001.json")).toMatchObject({ verdict: "ghost", reason: "pid-gone", action: "reaped" });
});

test("under hidepid=2 nothing is reaped, for whoever is gone cannot be told from whoever is hidden in a container, and the report says so", async (context) => {
  leaveOutWithout(["--mount"], context);
  if (!isRoot) {
    leaveOut("hidepid=2", "only root can mount /proc anew");
    context.skip();
  }
  const scratch = nobodysScratch();
  const { files, keys } = await sharedHome(scratch);
  for (const path of [...files, join(scratch.home, ".claude", "sessions"), join(scratch.home, ".claude")]) chownSync(path, nobody, nobody);
  const copied = copiedTool(scratch);
  const script = `mount -t proc -o hidepid=2 proc /proc || exit 99; shift ${copied.length}
    exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups ${copied.join(" ")} "$@"`;
  const { code, stdout, stderr } = await sessreap(scratch, [...registry, "--now", "--json"], { under: within(["--mount"], script) });
  if (code === 99) {
    leaveOut("hidepid=2", `this kernel refuses the mount: ${stderr.trim()}`);
    context.skip();
  }
  const [alive, unticked, gone] = keys as [string, string, string];
  expect(by(parseOnly(stdout, stderr) as SweepDocument, "verdict", "reason", "action")).toEqual({
    [alive]: "live pid-alive kept",
    [unticked]: "live pid-alive kept",
    [gone]: "undecided pid-unseen kept",
  });
  expect(stderr).toContain("/proc hides processes from us");
  expect(files.every((file) => existsSync(file))).toBe(true);
});

/** The pid by which this machine knows the process that shows this argv[0]. */
function hostPidOf(argv0: string): number | undefined {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${argv0}\0`);
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

test("from the host, a live session of a container that shares the home is kept, and a dead one beside it goes", async (context) => {
  leaveOutWithout(ownProc, context);
  const scratch = newScratch();
  const agent = join(scratch.dir, "bin", "claude");
  mkdirSync(join(agent, ".."));
  symlinkSync("/bin/sh", agent);
  // Pids of the container's that nobody has on the host, or that a stranger has there.
  const script = `echo 31000 > /proc/sys/kernel/ns_last_pid; exec 3<&0; ${agent} -c 'read never <&3; :' & exec sleep 600`;
  await start("unshare", [...ownProc, "/bin/sh", "-c", script]);
  await until("the container's agent runs", () => hostPidOf(agent) !== undefined);
  const hostPid = hostPidOf(agent) as number;
  const inner = Number(/^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${hostPid}/status`, "utf8"))?.[1]);
  expect(inner).not.toBe(hostPid);
  const said = async () => by(await sweepReport(scratch, [...registry, "--now"]), "verdict", "reason", "action");

  // Another process of the host may have that pid at this moment.
  const isDead: unknown = expect.stringMatching(/^ghost pid-(?:gone|reused) reaped$/);

  session(scratch, inner, startTicksOf(hostPid));
  session(scratch, inner + 1, "1");
  expect(await said()).toEqual({ [`${inner}.json`]: "live inner-pid-alive kept", [`${inner + 1}.json`]: isDead });
  session(scratch, inner, undefined);
  expect(await said()).toEqual({ [`${inner}.json`]: "live inner-pid-alive kept" });
  session(scratch, inner, "1");
  expect(await said()).toEqual({ [`${inner}.json`]: isDead });

  // Its container's first process never asks for it.
  session(scratch, inner, startTicksOf(hostPid));
  endByPid(hostPid);
  await until("the container's agent is a zombie", () => readFileSync(`/proc/${hostPid}/stat`, "utf8").includes(") Z "));
  expect(await said()).toEqual({ [`${inner}.json`]: isDead });
});

test("without a /proc a registry that is there is not taken for a missing one, and nothing is reaped", async (context) => {
  leaveOutWithout(["--mount"], context);
  const scratch = newScratch();
  const path = writeOld(join(scratch.dir, "registrations.json"), JSON.stringify({ ghost: { threadId: randomUUID() } }));
  const covered = within(["--mount"], 'mount -t tmpfs none /proc && exec "$@"');
  const { code, stdout, stderr } = await sessreap(scratch, ["--registry", path, "--now"], { under: covered });
  expect(code).toBe(1);
  expect(`${stdout}${stderr}`).toContain("without /proc no file can be looked at");
  expect(`${stdout}${stderr}`).not.toContain("is not there");
  expect(readFileSync(path, "utf8")).toContain("ghost");
});

test("where no systemd runs, units are not written, that is said, and there is nothing to take back", async (context) => {
  leaveOutWithout(["--mount"], context);
  const scratch = newScratch();
  const under = within(["--mount"], 'mount -t tmpfs none /run && exec "$@"');
  const said = "error   this machine runs no systemd; sessreap units print --cron prints what starts sessreap without it\n";
  expect(await sessreap(scratch, ["units", "install"], { under })).toMatchObject({ code: 2, stdout: "", stderr: said });
  expect(await sessreap(scratch, ["units", "uninstall"], { under })).toMatchObject({
    code: 0,
    stdout: "nothing was installed\n",
    stderr: "",
  });
  expect(existsSync(join(scratch.home, ".config"))).toBe(false);
});

test("a sweep that doubts its own eyes breaks the chain of looks at an absence", async (context) => {
  leaveOutWithout(ownProc, context);
  const scratch = newScratch();
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ mars: { id: randomUUID(), since: daysAgo(1) } }));
  const fields = { sessionId: "id", pid: "pid", registeredAt: "since" };
  configure(scratch, { registries: [{ format: "keyed-json", path, fields, ...downServer }] });
  const look = async (): Promise<string | undefined> => by(await sweepReport(scratch, []), "action")["mars"];
  const memory = join(scratch.stateDir, "memory.json");
  const fourMinutesPass = (): void => {
    const text = readFileSync(memory, "utf8");
    writeFileSync(
      memory,
      text.replace(/"absentSinceMs":(\d+)/, (_, ms: string) => `"absentSinceMs":${Number(ms) - 240_000}`),
    );
  };
  expect(await look()).toBe("pending");
  const doubtful = await sessreap(scratch, [], { under: within(ownProc, 'exec "$@"') });
  expect(doubtful.code, doubtful.stderr).toBe(4);
  fourMinutesPass();
  expect(await look()).toBe("pending");
  fourMinutesPass();
  expect(await look()).toBe("reaped");
});

test("an agent that has shown a session and hides it now is no other process by the clock of another time namespace", async (context) => {
  const flags = ["--time", "--boottime", "1000", "--monotonic", "1000", "--fork"];
  leaveOutWithout(flags, context);
  const scratch = newScratch();
  const id = randomUUID();
  writeOld(declareRegistry(scratch), JSON.stringify({ mars: { id, since: daysAgo(2) } }));
  const titled = `$| = 1; for my $title ("codex resume ${id}", "idle") { <STDIN>; $0 = $title; print 1 } sleep 600`;
  const { child } = await start("/usr/bin/perl", ["-e", titled]);
  const takesTitle = async (): Promise<void> => {
    child.stdin?.write("\n");
    await once(child.stdout as NodeJS.ReadableStream, "data");
  };
  const seen = async (options = {}): Promise<unknown> => by(await sweepReport(scratch, ["--now"], options), "verdict", "reason", "action");
  await takesTitle();
  expect(await seen()).toEqual({ mars: "live attached-cli kept" });
  await takesTitle();
  expect(await seen()).toEqual({ mars: "undecided mentioned kept" });
  expect(await seen({ under: within(flags, underInit) })).toEqual({ mars: "undecided pid-unseen kept" });
});
