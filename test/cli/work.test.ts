import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { daysAgo, leaveOut, newScratch, sessreap, writeOld, type Scratch } from "./harness.ts";
import { noStrace } from "./strace.ts";

const blind = noStrace();
if (blind !== undefined) leaveOut("the counts of work", blind);

/** Every path that a run opened, in order. */
async function opened(scratch: Scratch, words: readonly string[]): Promise<readonly string[]> {
  const log = join(scratch.dir, "opens.log");
  const calls = "?open,?openat,?openat2";
  const { code, stderr } = await sessreap(scratch, words, {
    under: ["strace", "-f", "-qq", "-s", "300", "-o", log, "-e", `trace=${calls}`],
  });
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  const lines = readFileSync(log, "utf8").split("\n");
  // strace writes the thread before each call; the first one is the process itself.
  const own = /^\d+/.exec(lines[0] ?? "")?.[0] ?? "";
  return lines.flatMap((line) => /open\w*\([^,]*, "([^"]*)"/.exec(line)?.[1] ?? []).filter((path) => !path.startsWith(`/proc/${own}/`));
}

const ofProcesses = (paths: readonly string[]): readonly string[] => paths.filter((path) => /^\/proc\/\d+\//.test(path));
/** Of the machine, Node reads what it wants when its heap grows: Node 24, but not 20, asks /sys for a clock then. */
const ofOthers = (paths: readonly string[]): readonly string[] => paths.filter((path) => !/^\/(?:proc\/(?:\d+|self|sys)|sys)\//.test(path));

function registry(scratch: Scratch, count: number, days: number): string {
  const entries = Array.from({ length: count }, (_, index) => {
    const threadId = `019d7b2f-5ede-7c71-b2fd-${String(index).padStart(12, "0")}`;
    return [`agent-${index}`, { threadId, registeredAt: daysAgo(days) }] as const;
  });
  return writeOld(join(scratch.dir, `${count}.json`), JSON.stringify(Object.fromEntries(entries), null, 2));
}

describe.skipIf(blind !== undefined)("the work of a sweep", () => {
  test("a hundred times the entries open not one file more, and the registry is read once", async () => {
    const scratch = newScratch();
    const [few, many] = [registry(scratch, 24, 30), registry(scratch, 2400, 30)];
    const [ofFew, ofMany] = [
      await opened(scratch, ["--dry-run", "-q", "--registry", few]),
      await opened(scratch, ["--dry-run", "-q", "--registry", many]),
    ];
    expect(ofOthers(ofMany).length).toBe(ofOthers(ofFew).length);
    expect(ofMany.filter((path) => path.endsWith("/2400.json"))).toHaveLength(1);
    // The positive control: this run did look at processes.
    expect(ofProcesses(ofMany)).not.toEqual([]);
  });

  test("where every session is young, no process is looked at", async () => {
    const scratch = newScratch();
    expect(ofProcesses(await opened(scratch, ["-q", "--registry", registry(scratch, 24, 0)]))).toEqual([]);
  });

  test("a process is opened once for its argv, however many sessions there are", async () => {
    const scratch = newScratch();
    const paths = await opened(scratch, ["--dry-run", "-q", "--registry", registry(scratch, 2400, 30)]);
    const argvs = paths.filter((path) => /^\/proc\/\d+\/cmdline$/.test(path));
    expect(argvs.length).toBeGreaterThan(0);
    expect(new Set(argvs).size).toBe(argvs.length);
  });

  test("the marker of a pid that is gone is not opened in order to be judged", async () => {
    const scratch = newScratch();
    const root = join(scratch.dir, "cache");
    mkdirSync(root);
    const place = join(root, "market", "plugin", "1.0.0", ".in_use");
    for (let pid = 4_194_000; pid < 4_194_200; pid += 1) writeOld(join(place, String(pid)), `{"pid":${pid},"procStart":"1"}`);
    const paths = await opened(scratch, ["--dry-run", "-q", "--registry", `claude-plugin-in-use:${root}`]);
    expect(paths.filter((path) => path.startsWith(`${place}/`))).toEqual([]);
    // Nor is anything of it looked for among the processes: the listing of /proc has said that it is none.
    expect(paths.filter((path) => /^\/proc\/4194\d+\//.test(path))).toEqual([]);
  });
});
