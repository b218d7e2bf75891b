import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { by, configure, daysAgo, declareRegistry, newScratch, startSessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { endByPid, gonePid, launch, until } from "../../processes.ts";
import { newSession } from "../agents.ts";
import { fields } from "../../fields.ts";

const since = daysAgo(1);

/** What a program does with a file that it holds: each opens it, says so, and stays. */
const writing = {
  "has it open for writing": 'open my $f, "+<", $ARGV[0] or die',
  "has it open to append": 'open my $f, ">>", $ARGV[0] or die',
} as const;

const locking = {
  "has locked it for itself": 'open my $f, "<", $ARGV[0] or die; flock $f, 2 or die',
  "has locked it with others": 'open my $f, "<", $ARGV[0] or die; flock $f, 1 or die',
  "has a POSIX lock on it": 'open my $f, "<", $ARGV[0] or die; my $l = pack "s s x4 q q l x4", 0, 0, 0, 0, 0; fcntl($f, 6, $l) or die',
} as const;

async function hold(path: string, way: string, then = ""): Promise<number> {
  const script = `$| = 1; ${way}; print "held\\n"; ${then} <STDIN>`;
  const child = launch("/usr/bin/perl", ["-e", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child.pid as number;
}

/** Tells of each event of a name in its directory; a name that is moved aside and back is heard, however short that is. */
function renamesOf(path: string): { readonly heard: () => readonly string[] } {
  const [directory, name] = [join(path, ".."), path.slice(path.lastIndexOf("/") + 1)];
  const heard: string[] = [];
  const watcher = watch(directory, (event, file) => {
    if (file?.includes(name) === true && event === "rename") heard.push(file);
  });
  onTestFinished(() => watcher.close());
  return { heard: () => heard };
}

async function ghostRegistry(scratch: Scratch): Promise<string> {
  const path = declareRegistry(scratch);
  return writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
}

/** A lock file of one entry, whose recorded process is gone. */
async function ghostLock(scratch: Scratch): Promise<string> {
  const directory = join(scratch.dir, "locks");
  configure(scratch, {
    registries: [{ format: "json-file", path: directory, pattern: "*.lock", fields: { sessionId: "id", pid: "pid" } }],
  });
  return writeOld(join(directory, "a.lock"), JSON.stringify({ id: newSession(), pid: (await gonePid()).pid }));
}

const kinds = [
  ["a registry", ghostRegistry],
  ["an entry's own file", ghostLock],
] as const;

/** Sweeps a file that a process holds, and says what was reported, by whom it is held, and whether it was ever moved. */
async function sweptWhileHeld(plant: (scratch: Scratch) => Promise<string>, way: string) {
  const scratch = newScratch();
  const path = await plant(scratch);
  const pid = await hold(path, way);
  const { ino, ctimeNs } = statSync(path, { bigint: true });
  const { heard } = renamesOf(path);
  const report = await sweepReport(scratch, ["sweep"]);
  const now = statSync(path, { bigint: true });
  const moved = now.ino !== ino || now.ctimeNs !== ctimeNs || heard().some((name) => !name.startsWith("."));
  return { pid, report, moved, leftovers: readdirSync(join(path, "..")).filter((name) => name.includes("sessreap")) };
}

test.each([
  ...Object.entries({ ...writing, ...locking }).map(([what, way]) => ["a registry", what, ghostRegistry, way] as const),
  ...Object.entries(writing).map(([what, way]) => ["an entry's own file", what, ghostLock, way] as const),
])("%s of which a process %s is busy, and never moved", async (_kind, _what, plant, way) => {
  const { pid, report, moved, leftovers } = await sweptWhileHeld(plant, way);
  const said = `pid ${pid} (perl)`;
  expect(report.entries).toMatchObject([
    { verdict: "ghost", action: "busy", usedBy: { pid, name: "perl" }, detail: expect.stringContaining(said) },
  ]);
  expect(report.registries).toMatchObject([{ state: "busy", problem: expect.stringContaining(said) }]);
  expect({ busy: report.summary.busy, code: report.exitCode, moved, leftovers }).toEqual({ busy: 1, code: 0, moved: false, leftovers: [] });
});

test.each(Object.entries(locking))("an entry's own file of which a process %s is never moved", async (_what, way) => {
  const { report, moved, leftovers } = await sweptWhileHeld(ghostLock, way);
  // The lock is a sign that the entry lives, too.
  expect(["busy", "kept"]).toContain(report.entries[0]?.action);
  expect({ moved, leftovers }).toEqual({ moved: false, leftovers: [] });
});

test("a lock that a dead wrapper's child holds is never moved (beads#1515)", async () => {
  const scratch = newScratch();
  const path = await ghostLock(scratch);
  const held = launch("/bin/sh", ["-c", 'exec 9>>"$0"; flock 9; (echo held; exec sleep 600) & exit 0', path], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(held.stdout as NodeJS.ReadableStream, "data");
  await until("the wrapper is gone", () => !existsSync(`/proc/${held.pid}`) || held.exitCode !== null);
  const was = statSync(path, { bigint: true });
  const report = await sweepReport(scratch, ["sweep"]);
  expect(["busy", "kept"]).toContain(Object.values(by(report, "action"))[0]);
  const now = statSync(path, { bigint: true });
  expect([now.ino, now.ctimeNs]).toEqual([was.ino, was.ctimeNs]);
});

test("a process that has a registry open since the first sweep counts as its owner, and one that came later does not", async () => {
  const scratch = newScratch();
  const path = await ghostRegistry(scratch);
  const text = readFileSync(path, "utf8");
  const pid = await hold(path, writing["has it open for writing"]);
  expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ ghost: "busy" });
  const second = await sweepReport(scratch, ["sweep"]);
  expect(by(second, "action")).toEqual({ ghost: "withheld" });
  expect(second.registries).toMatchObject([{ state: "report-only", owner: { up: true, pids: [pid] } }]);
  endByPid(pid);
  await until("it has let go", () => !existsSync(`/proc/${pid}`));
  expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ ghost: "reaped" });
  writeOld(path, text);
  await hold(path, writing["has it open for writing"]);
  for (const action of ["busy", "busy"]) expect(by(await sweepReport(scratch, ["sweep"]), "action")).toEqual({ ghost: action });
});

test("memory that is shared with a file keeps it busy after its descriptor was closed", async () => {
  const scratch = newScratch();
  const path = await ghostRegistry(scratch);
  const script =
    "import mmap,os,sys,time; f=os.open(sys.argv[1],os.O_RDWR); m=mmap.mmap(f,0); os.close(f); print('held',flush=True); sys.stdin.read()";
  const child = launch("python3", ["-c", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  const report = await sweepReport(scratch, ["sweep"]);
  expect(by(report, "action")).toEqual({ ghost: "busy" });
  expect(report.entries[0]?.usedBy?.name).toMatch(/^python/);
});

test.each(kinds)("%s that is only read is swept while it is read", async (_kind, plant) => {
  const scratch = newScratch();
  const path = await plant(scratch);
  const reader = launch("/usr/bin/tail", ["-f", path], { stdio: ["ignore", "pipe", "ignore"] });
  await once(reader.stdout as NodeJS.ReadableStream, "data");
  expect(Object.values(by(await sweepReport(scratch, ["sweep"]), "action"))).toEqual(["reaped"]);
});

/** A machine that has no perl, and no other programs than these; its process ids are all that there are. */
const aloneInNamespace = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc"];
const canUnshare = spawnSync("/usr/bin/unshare", [...aloneInNamespace.slice(1), "/bin/true"]).status === 0;
if (!canUnshare) console.warn("no pid namespace can be made: a machine without perl is not tested");

async function sweepWithoutPerl(tools: Readonly<Record<string, string>>, way?: string) {
  const scratch = newScratch();
  const [path, bin] = [join(scratch.dir, "agents.json"), join(scratch.dir, "bin")];
  configure(scratch, { pidNamespace: "own", registries: [{ format: "keyed-json", path, fields, about: "process" }] });
  writeOld(path, JSON.stringify({ ghost: { pid: 4_194_303, since } }));
  mkdirSync(bin);
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  // The user of the file stands in the namespace, beside the sweep.
  const beside = way === undefined ? [] : ["/bin/sh", "-c", `/usr/bin/perl -e '${way}; sleep 60' "$0" & sleep 0.5; exec "$@"`, path];
  const report = await sweepReport(scratch, ["sweep"], { under: [...aloneInNamespace, ...beside], env: { PATH: bin } });
  return { report, path };
}

const noAttributes = { getfattr: "exit 0" };

test.runIf(canUnshare)("on a machine without perl, such as one with BusyBox, a member goes where no attribute needs copying", async () => {
  const { report, path } = await sweepWithoutPerl(noAttributes);
  expect(by(report, "action")).toEqual({ ghost: "reaped" });
  expect(readFileSync(path, "utf8")).toBe("{}");
});

test.runIf(canUnshare)("where it cannot be known whether an attribute needs copying, that is said", async () => {
  const { report } = await sweepWithoutPerl({});
  expect(by(report, "action")).toEqual({ ghost: "failed" });
  expect(report.entries[0]?.detail).toContain("install perl");
  expect(report.exitCode).toBe(3);
});

test.runIf(canUnshare).each(Object.entries({ ...writing, ...locking }))(
  "on a machine without perl, a registry of which a process %s is busy, by the word of /proc",
  async (_what, way) => {
    const { report, path } = await sweepWithoutPerl(noAttributes, way);
    expect(report.entries).toMatchObject([{ action: "busy", usedBy: { name: "perl" } }]);
    expect(readFileSync(path, "utf8")).not.toBe("{}");
  },
);

test("a chmod while the sweep waits for an app server stands", async () => {
  const scratch = newScratch();
  const { createServer } = await import("node:net");
  const server = createServer(() => undefined);
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  const path = declareRegistry(scratch, { appServers: [`ws://127.0.0.1:${port}`] });
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  chmodSync(path, 0o644);
  const connected = once(server, "connection");
  const child = startSessreap(scratch, ["sweep"]);
  await Promise.race([connected, once(child, "close")]);
  chmodSync(path, 0o600);
  if (child.exitCode === null) await once(child, "close");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toBe("{}");
});
