import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { agentOf } from "../../src/core/agents/agents.ts";
import { idle, pretend } from "../processes.ts";
import { argvOf } from "./agents.ts";
import { daysAgo, leaveOut, newScratch, sessreap, triedScratch, writeOld, type Scratch } from "./harness.ts";
import { noStrace } from "./strace.ts";

const blind = process.env["SESSREAP_BIN"] === undefined ? noStrace() : "in a binary it cannot be told where Node ends and the tool begins";
if (blind !== undefined) leaveOut("the counts of work", blind);

/** What asks the system for something; what V8 and Node do with memory and between their threads is not counted. */
const asking = [
  ..."openat open read pread64 write pwrite64 close lseek stat lstat fstat newfstatat statx readlink readlinkat getdents64 statfs fstatfs".split(
    " ",
  ),
  ..."access faccessat faccessat2 kill fcntl flock fsync fdatasync rename renameat renameat2 unlink unlinkat link linkat mkdir rmdir".split(
    " ",
  ),
  ..."chmod fchmod fchown utimensat ftruncate getxattr fgetxattr listxattr flistxattr socket bind listen connect clone clone3 execve vfork".split(
    " ",
  ),
];

type Call = { readonly name: string; readonly line: string; readonly result: number };

type Work = {
  readonly calls: readonly Call[];
  /** Every path that was opened, in order. */
  readonly opened: readonly string[];
  readonly bytesRead: number;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** A call about the tool's own files, which it loads as it goes. */
const isOfTool = (line: string): boolean => /\bdist\/(?:parts|sessreap\.cjs)/.test(line);

/** What a run asked the system for, from the moment at which Node had read the tool, its own files aside. */
async function workOf(scratch: Scratch, words: readonly string[]): Promise<Work> {
  const log = join(scratch.dir, "calls.log");
  const { code, stderr } = await sessreap(scratch, words, {
    // Node looks for the machine's time zone behind as many links as the machine has there; this one has no file.
    env: { TZ: "UTC0" },
    under: ["strace", "-f", "-y", "-qq", "-s", "0", "-o", log, "-e", `trace=${asking.map((name) => `?${name}`).join(",")}`],
  });
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  const lines = readFileSync(log, "utf8").split("\n");
  const start = lines.findLastIndex((line) => /\bclose\(\d+<[^>]*sessreap\.c?js>/.test(line)) + 1;
  if (start === 0) throw new Error("strace did not see the tool being read");
  const calls = lines.slice(start).flatMap((line): Call[] => {
    if (isOfTool(line)) return [];
    const found = /^\d+ +(\w+)\(.* = (-?\d+)/.exec(line);
    return found === null ? [] : [{ name: found[1] as string, line, result: Number(found[2]) }];
  });
  const own = /^\d+/.exec(lines[0] ?? "")?.[0] ?? "";
  const openings = calls.filter(({ name, result }) => name.startsWith("open") && result >= 0);
  return {
    calls,
    opened: openings.flatMap(({ line }) => / = \d+<(.*)>$/.exec(line)?.[1] ?? []).filter((path) => !path.startsWith(`/proc/${own}/`)),
    bytesRead: sum(calls.filter(({ name }) => name === "read" || name === "pread64").map(({ result }) => Math.max(0, result))),
  };
}

const processOf = (text: string): string | undefined => /\/proc\/(\d+)\//.exec(text)?.[1];
const ofProcesses = (paths: readonly string[]): readonly string[] => paths.filter((path) => processOf(path) !== undefined);
/** What Node and the C library want to know of the machine when they take memory or give it back. */
const isOfMachine = (text: string): boolean => /\/proc\/sys\/vm\/|[" <]\/sys\//.test(text);
const ofOthers = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => processOf(path) === undefined && !isOfMachine(` ${path}`));
const callsOfOthers = ({ calls }: Work): number => calls.filter(({ line }) => processOf(line) === undefined && !isOfMachine(line)).length;
const bytesOfOthers = ({ calls }: Work): number =>
  sum(calls.filter(({ name, line }) => /read/.test(name) && processOf(line) === undefined).map(({ result }) => Math.max(0, result)));

function registry(scratch: Scratch, count: number, days: number): string {
  const entries = Array.from({ length: count }, (_, index) => {
    const threadId = `019d7b2f-5ede-7c71-b2fd-${String(index).padStart(12, "0")}`;
    return [`agent-${index}`, { threadId, registeredAt: daysAgo(days) }] as const;
  });
  return writeOld(join(scratch.dir, `${count}.json`), JSON.stringify(Object.fromEntries(entries), null, 2));
}

/** The uppermost pids of all that no process has. */
function freePids(count: number): readonly number[] {
  const taken = new Set(readdirSync("/proc"));
  const pids = Array.from({ length: count + taken.size }, (_, below) => 4_194_303 - below);
  return pids.filter((pid) => !taken.has(String(pid))).slice(0, count);
}

function markers(scratch: Scratch, count: number): string {
  const root = join(scratch.dir, `cache-${count}`);
  mkdirSync(root);
  const place = join(root, "market", "plugin", "1.0.0", ".in_use");
  for (const pid of freePids(count)) writeOld(join(place, String(pid)), `{"pid":${pid},"procStart":"1"}`);
  return root;
}

/** By how much more work there is, an entry. */
const each = (few: number, many: number, entries: number): number => (many - few) / entries;

describe.skipIf(blind !== undefined)("the work of a sweep", () => {
  test("a hundred times the entries open not one file more, and the registry is read once", async () => {
    const scratch = newScratch();
    const [few, many] = [registry(scratch, 24, 30), registry(scratch, 2400, 30)];
    const [ofFew, ofMany] = [
      await workOf(scratch, ["--dry-run", "-q", "--registry", few]),
      await workOf(scratch, ["--dry-run", "-q", "--registry", many]),
    ];
    // Between the two another process of the machine may have started.
    expect(Math.abs(ofOthers(ofMany.opened).length - ofOthers(ofFew.opened).length)).toBeLessThan(3);
    // Once to hold it and see what kind of file it is, and once to read that very file.
    expect(ofMany.opened.filter((path) => path.endsWith("/2400.json"))).toHaveLength(2);
    // Larger files take more calls only where a read is cut in pieces.
    expect(each(callsOfOthers(ofFew), callsOfOthers(ofMany), 2376)).toBeLessThan(0.005);
    const bytes = each(bytesOfOthers(ofFew), bytesOfOthers(ofMany), 2376) / (statSync(many).size / 2400);
    expect(bytes).toBeGreaterThan(0.9);
    expect(bytes).toBeLessThan(1.1);
    // The positive control: this run did look at processes.
    expect(ofProcesses(ofMany.opened)).not.toEqual([]);
  });

  test("an entry that is reaped costs some bytes, and not one system call of its own", async () => {
    const scratch = triedScratch();
    const [few, many] = [registry(scratch, 24, 30), registry(scratch, 2400, 30)];
    const size = statSync(many).size / 2400;
    const [ofFew, ofMany] = [
      await workOf(scratch, ["-q", "--now", "--registry", few]),
      await workOf(scratch, ["-q", "--now", "--registry", many]),
    ];
    expect(readFileSync(many, "utf8")).toBe("{\n}");
    expect(each(callsOfOthers(ofFew), callsOfOthers(ofMany), 2376)).toBeLessThan(0.02);
    expect(each(ofOthers(ofFew.opened).length, ofOthers(ofMany.opened).length, 2376)).toBeLessThan(0.005);
    // It is read to be judged, and again in the moment of the swap, on both sides of it.
    expect(each(bytesOfOthers(ofFew), bytesOfOthers(ofMany), 2376) / size).toBeLessThan(3.2);
  });

  test("where every session is young, no process is looked at, and little else", async () => {
    const scratch = newScratch();
    const path = registry(scratch, 24, 0);
    const dry = await workOf(scratch, ["--dry-run", "-q", "--registry", path]);
    expect(ofProcesses(dry.opened)).toEqual([]);
    // Three of them for each place that may speak for a session and is not there.
    expect(dry.calls.length).toBeLessThan(118);
    expect(dry.opened.length).toBeLessThan(14);
    await workOf(scratch, ["-q", "--registry", path]);
    const second = await workOf(scratch, ["-q", "--registry", path]);
    expect(ofProcesses(second.opened)).toEqual([]);
    // One of them asks whether somebody looks at stderr.
    expect(second.calls.length).toBeLessThan(213);
    expect(second.opened.length).toBeLessThan(34);
  });

  test("a process is opened once for its argv and read to its end, however many sessions there are", async () => {
    const scratch = newScratch();
    const work = await workOf(scratch, ["--dry-run", "-q", "--registry", registry(scratch, 2400, 30)]);
    const argvs = work.opened.filter((path) => /^\/proc\/\d+\/cmdline$/.test(path));
    expect(argvs.length).toBeGreaterThan(0);
    expect(new Set(argvs).size).toBe(argvs.length);
    // Opened, read, read to the end, closed; agents are looked at more closely.
    const asked = work.calls.filter(({ line }) => /\/proc\/\d+\/cmdline/.test(line));
    expect(asked.length / argvs.length).toBeLessThanOrEqual(4.5);
  });

  test("open files are looked at of agents alone, and of every process once a second look is due", async () => {
    const scratch = triedScratch();
    const path = registry(scratch, 24, 30);
    const [agent, other] = [await pretend(scratch.dir, ["codex", "chat"]), await idle()];
    const look = async (...words: readonly string[]): Promise<readonly number[]> => {
      const { opened } = await workOf(scratch, ["-q", "--registry", path, ...words]);
      return opened.flatMap((one) => /^\/proc\/(\d+)\/fd$/.exec(one)?.[1] ?? []).map(Number);
    };
    const first = await look();
    // The files of an app server that others run here are read once more, for the threads that it has locked.
    expect(first.filter((pid) => pid === agent.pid)).toHaveLength(1);
    expect(first.filter((pid) => existsSync(`/proc/${pid}`) && agentOf(argvOf(pid)) === undefined)).toEqual([]);
    const second = await look("--now");
    expect(second).toEqual(expect.arrayContaining([agent.pid, other.pid]));
  });

  test("the marker of a pid that is gone is not opened in order to be judged", async () => {
    const scratch = newScratch();
    const root = markers(scratch, 200);
    const { opened } = await workOf(scratch, ["--dry-run", "-q", "--registry", `claude-plugin-in-use:${root}`]);
    expect(opened.filter((path) => /\.in_use\/\d+$/.test(path))).toEqual([]);
    // Nor is anything of it looked for among the processes: the listing of /proc has said that it is none.
    const pids = new Set(freePids(200).map(String));
    expect(opened.filter((path) => pids.has(processOf(path) ?? ""))).toEqual([]);
  });

  test("a marker costs a look and a question for its pid, and two dozen calls when it is reaped", async () => {
    const scratch = newScratch();
    const [few, many] = [markers(scratch, 100), markers(scratch, 600)];
    const look = async (root: string, more: readonly string[]): Promise<Work> =>
      workOf(scratch, [...more, "-q", "--registry", `claude-plugin-in-use:${root}`]);
    const [dryFew, dryMany] = [await look(few, ["--dry-run"]), await look(many, ["--dry-run"])];
    expect(each(callsOfOthers(dryFew), callsOfOthers(dryMany), 500)).toBeLessThanOrEqual(2.1);
    // The table of locks is read twice a look, however many files may be in it.
    expect(dryMany.opened.filter((path) => path === "/proc/locks")).toHaveLength(2);
    const [reapedFew, reapedMany] = [await look(few, []), await look(many, [])];
    expect(each(callsOfOthers(reapedFew), callsOfOthers(reapedMany), 500)).toBeLessThanOrEqual(26);
    expect(each(reapedFew.opened.length, reapedMany.opened.length, 500)).toBeLessThanOrEqual(4.2);
  });
});
