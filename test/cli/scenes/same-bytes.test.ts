import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, parseOnly, sessreap, sweepReport, writeOld, type Scratch } from "../harness.ts";
import { gonePid, idle } from "../../processes.ts";

type Pids = { readonly live: number; readonly dead: number };

type Scene = {
  /** What stands in the file, and where. */
  readonly file: string;
  readonly written: (pids: Pids) => string;
  /** Two declarations: by the first its holder runs, by the second it is gone. Either may be listed first. */
  readonly declared: (at: (path: string) => string) => readonly [object, object];
  /** They are one registry by format, path and container, so the one that is listed last counts. */
  readonly isOne?: true;
};

const since = daysAgo(1);
const text = (path: string, pattern: string, ...more: readonly string[]): object => ({
  format: "text-file",
  path,
  text: [pattern],
  ...(more.length > 0 && { pattern: more[0] }),
});
const keyed = (path: string, pid: string, more: object = {}): object => ({
  format: "keyed-json",
  path,
  fields: { pid, registeredAt: "since" },
  about: "process",
  ...more,
});
const entry = ({ live, dead }: Pids): object => ({ worker: live, launcher: dead, since });

const scenes: Readonly<Record<string, Scene>> = {
  "a text of two pids, read by its first word and by its second": {
    file: "run/garden.lock",
    written: ({ live, dead }) => `${live} ${dead}\n`,
    declared: (at) => [text(at("run/garden.lock"), "<pid> *"), text(at("run/garden.lock"), "* <pid>")],
    isOne: true,
  },
  "the same text, declared as the file and by a pattern of its directory": {
    file: "run/garden.lock",
    written: ({ live, dead }) => `${live} ${dead}\n`,
    declared: (at) => [text(at("run"), "<pid> *", "*.lock"), text(at("run/garden.lock"), "* <pid>")],
  },
  "the same text, below a directory and beside it": {
    file: "run/a/garden.lock",
    written: ({ live, dead }) => `${live} ${dead}\n`,
    declared: (at) => [text(at("run"), "<pid> *", "**/*.lock"), text(at("run/a"), "* <pid>", "*.lock")],
  },
  "members with two pids, of which two declarations take one each": {
    file: "agents.json",
    written: (pids) => JSON.stringify({ it: entry(pids) }),
    declared: (at) => [keyed(at("agents.json"), "worker"), keyed(at("agents.json"), "launcher")],
    isOne: true,
  },
  "elements of an array, read as a registry and within a larger one": {
    file: "agents.json",
    written: (pids) => JSON.stringify({ garden: { pid: pids.dead, since, agents: [entry(pids)] } }),
    declared: (at) => [
      { ...keyed(at("agents.json"), "worker"), format: "json-array", entries: "/garden/agents" },
      keyed(at("agents.json"), "pid"),
    ],
  },
  "a file of one claim that is a registry of members as well": {
    file: "run/garden.json",
    written: (pids) => JSON.stringify({ pid: pids.dead, since, agents: { it: entry(pids) } }),
    declared: (at) => [
      keyed(at("run/garden.json"), "worker", { entries: "/agents" }),
      { format: "json-file", path: at("run"), pattern: "*.json", fields: { pid: "pid" } },
    ],
  },
  "lines of JSON that are one file's text as well": {
    file: "run/garden.jsonl",
    written: (pids) => `${JSON.stringify(entry(pids))}\npid ${pids.dead}\n`.replace(/\npid.*\n$/, "\n"),
    declared: (at) => [
      { ...keyed(at("run/garden.jsonl"), "worker"), format: "json-lines" },
      text(at("run/garden.jsonl"), '*"launcher":<pid>*'),
    ],
  },
  "a directory under its own path and under a link to it": {
    file: "run/garden.lock",
    written: ({ live, dead }) => `${live} ${dead}\n`,
    declared: (at) => [text(at("alias"), "<pid> *", "*.lock"), text(at("run"), "* <pid>", "*.lock")],
  },
};

async function staged({
  file,
  written,
}: Scene): Promise<{ readonly scratch: Scratch; readonly path: string; readonly bytes: string; readonly pids: Pids }> {
  const scratch = newScratch();
  const pids = { live: (await idle()).pid, dead: (await gonePid()).pid };
  mkdirSync(join(scratch.dir, "run"));
  symlinkSync("run", join(scratch.dir, "alias"));
  const path = writeOld(join(scratch.dir, file), written(pids));
  return { scratch, path, bytes: readFileSync(path, "utf8"), pids };
}

const verdictsIn = (report: Awaited<ReturnType<typeof sweepReport>>): readonly string[] =>
  report.entries.map(({ verdict, reason, action }) => `${verdict} ${reason} ${action}`);

describe.each(Object.entries(scenes))("%s", (_, scene) => {
  test.each(["first", "last"] as const)("stays where the declaration that sees its process is the %s", async (place) => {
    const { scratch, path, bytes } = await staged(scene);
    const [alive, dead] = scene.declared((one) => join(scratch.dir, one));
    configure(scratch, { registries: place === "first" ? [alive, dead] : [dead, alive] });
    const report = await sweepReport(scratch, ["--now", "--grace", "0s"]);
    expect(verdictsIn(report).filter((one) => one !== "live pid-alive kept")).toEqual([]);
    expect(readFileSync(path, "utf8")).toBe(bytes);
    expect((await sessreap(scratch, ["config"])).stdout).toMatch(/the same files are read at|more than once/);
  });

  test("stays where a flag leaves the declaration out that sees its process", async () => {
    const { scratch, path, bytes } = await staged(scene);
    const [alive, dead] = scene.declared((one) => join(scratch.dir, one));
    configure(scratch, { registries: [alive, dead] });
    const { format, path: named } = dead as { readonly format: string; readonly path: string };
    await sweepReport(scratch, ["--now", "--grace", "0s", "--registry", `${format}:${named}`]);
    expect(readFileSync(path, "utf8")).toBe(bytes);
  });

  test("goes where both declarations call it a ghost", async () => {
    const { scratch, path, bytes, pids } = await staged(scene);
    const other = (await gonePid()).pid;
    writeOld(path, bytes.replaceAll(String(pids.live), String(other)));
    configure(scratch, { registries: scene.declared((one) => join(scratch.dir, one)) });
    await sweepReport(scratch, ["--now"]);
    expect(existsSync(path) ? readFileSync(path, "utf8") : "").not.toContain(String(other));
  });
});

test("what explains it names the other declaration, and a doubt of it keeps an entry as life does", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const path = writeOld(join(scratch.dir, "agents.json"), JSON.stringify({ it: { pid, since, machine: "saturn" } }));
  const foreign = { ...keyed(path, "pid"), fields: { pid: "pid", host: "machine" } };
  configure(scratch, { registries: [foreign, keyed(path, "pid")] });
  const report = await sweepReport(scratch, ["--now"]);
  expect(by(report, "verdict", "reason", "action")).toEqual({ it: "undecided foreign-host kept" });
  const { stdout } = await sessreap(scratch, ["explain", "it", "--json"]);
  expect(parseOnly(stdout)).toMatchObject({ entries: [{ revisions: [{ name: "read-otherwise" }] }] });
  expect((await sessreap(scratch, ["explain", "it"])).stdout).toContain(`keyed-json reads the same bytes (${path})`);
});

test("a claim about part of a file that is alive goes when its own process is gone", async () => {
  const scratch = newScratch();
  const [live, dead] = [await idle(), await gonePid()];
  const agents = { dead: { pid: dead.pid, since }, live: { pid: live.pid, since } };
  const path = writeOld(join(scratch.dir, "run", "daemon.json"), JSON.stringify({ pid: live.pid, agents }));
  const whole = { format: "json-file", path: join(scratch.dir, "run"), pattern: "*.json", fields: { pid: "pid" } };
  configure(scratch, { registries: [whole, keyed(path, "pid", { entries: "/agents" })] });
  const report = await sweepReport(scratch, []);
  expect(by(report, "verdict", "action")).toEqual({ "daemon.json": "live kept", dead: "ghost reaped", live: "live kept" });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ pid: live.pid, agents: { live: agents.live } });
});
