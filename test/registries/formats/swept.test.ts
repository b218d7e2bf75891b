import { describe, expect, test } from "vitest";
import { seen } from "../../../src/core/evidence.ts";
import { defaultPolicy } from "../../../src/core/policy.ts";
import type { Host } from "../../../src/host/host.ts";
import { pidFiles } from "../../../src/registries/known.ts";
import type { EntryReport } from "../../../src/report/model/sweep.ts";
import type { Target } from "../../../src/sweep/load/target.ts";
import { sweep, type SweepOptions } from "../../../src/sweep/sweep.ts";
import { chanceFrom } from "../../sim/chance.ts";
import { day, hostNamespace, hostname, Machine, type Process } from "../../sim/machine.ts";
import { nobody, simulatedHost, State } from "../../sim/simulated-host.ts";
import { plainSweep } from "../../sweep-options.ts";
import { filesOf, fixtures, placeholders, type Fixture } from "../fixtures.ts";

const home = "/home/dev";

/** The facts of a simulated process and its machine in the place of the fixture's own. */
function withFacts(text: string, { pid, startTicks }: Process, { bootId }: Machine): string {
  return text
    .replaceAll(placeholders.pid, String(pid))
    .replaceAll(placeholders.startTicks, startTicks)
    .replaceAll(placeholders.bootId, bootId)
    .replaceAll(`linux:${placeholders.machineId}:pid:[4026531836]`, `linux:ab12:pid:[${hostNamespace}]`)
    .replaceAll(placeholders.host, JSON.stringify(hostname));
}

const targetOf = ({ format, at }: Pick<Fixture, "format" | "at">): Target => {
  return { format, path: `${home}/${at}`, named: true, appServers: [], owner: undefined, release: undefined };
};

/** A simulated machine on which a session of the fixture's kind runs, in the registry that its tool left a month ago. */
function start(fixture: Fixture, change: (text: string) => string = (text) => text) {
  const { folder, format, holder } = fixture;
  const machine = new Machine(chanceFrom(1));
  const state = new State();
  const [called, ...argv] = holder;
  const process = machine.spawn([format.holderNames?.find((name) => called.startsWith(name)) ?? called, ...argv]);
  const write = (path: string, text: string): void =>
    void machine.disk.create(`${home}/${withFacts(path, process, machine)}`, withFacts(text, process, machine), machine.wallMs - 30 * day);
  for (const [path, text] of filesOf(folder)) write(path, change(text));
  const [opened, dropped]: [string[], string[]] = [[], []];
  const host = simulatedHost(machine, state, new Set(), nobody);
  const watched: Host = {
    ...host,
    fileSystemOf: () => seen({ local: true, name: "ext4" }),
    readEntryFile: (root, key) => {
      opened.push(key);
      return host.readEntryFile(root, key);
    },
    readEntryLink: (root, key) => {
      opened.push(key);
      return host.readEntryLink(root, key);
    },
    dropDirectory: (_, key) => void dropped.push(key.replace(/[^/]*$/, "")),
  };
  const entries = async (options: Partial<SweepOptions> = {}, overrides: Partial<Host> = {}): Promise<readonly EntryReport[]> => {
    const report = await sweep({ ...watched, ...overrides }, { ...plainSweep, targets: [targetOf(fixture)], ...options });
    return [...report.entries];
  };
  const fates = async (...given: Parameters<typeof entries>): Promise<readonly string[]> =>
    (await entries(...given)).map(({ action, verdict, reason }) => `${action} ${verdict} ${reason}`);
  return { write, entries, fates, end: () => machine.kill(process), opened, dropped };
}

const now = { policy: { ...defaultPolicy, now: true } };

describe.each(fixtures)("$folder on a simulated machine", (fixture) => {
  const { format, waits = false } = fixture;

  test("its session is kept while it runs, and reaped when it is gone", async () => {
    const { fates, end } = start(fixture);
    expect(await fates(now)).toEqual([expect.stringMatching(/^kept live /)]);
    end();
    const [first, later] = [await fates(), await fates(now)].map((found) => found.map((fate) => fate.replace(/ [^ ]*$/, "")));
    expect([first, later]).toEqual(waits ? [["pending ghost"], ["reaped ghost"]] : [["reaped ghost"], []]);
  });

  test("only a lock that is a directory takes its directory along", async () => {
    const { fates, end, dropped } = start(fixture);
    end();
    await fates(now);
    expect(dropped.filter((path) => path !== "")).toEqual(fixture.folder.startsWith("omx-lock") ? ["session.json.lock/"] : []);
  });

  test("a ghost is opened to be judged, unless its name says all", async () => {
    const { fates, end, opened } = start(fixture);
    end();
    await fates({ ...now, dryRun: true });
    const isNameEnough = ["claude-plugin-in-use", "pid-files", "copilot-in-use"].includes(format.name);
    expect(opened).toHaveLength(format.layout === "files" && !isNameEnough ? 1 : 0);
  });
});

test.each(fixtures.filter(({ abroad }) => abroad !== undefined))(
  "$folder: another host's entry is never judged by a pid here",
  async (fixture) => {
    const { fates, end } = start(fixture, (text) => text.replace(...(fixture.abroad as readonly [string, string])));
    end();
    expect(await fates(now)).toEqual([`kept undecided ${fixture.format.name === "host-lock" ? "renamed-host" : "foreign-host"}`]);
  },
);

const fixtureOf = (folder: string): Fixture => fixtures.find((one) => one.folder === folder) as Fixture;

test("the directory of a file that is named by its pid stays, for it may be the next run's", async () => {
  const { write, fates, end, dropped } = start(fixtureOf("pid-files/8d45bd2"));
  write(`runs/garden/${placeholders.pid}`, "");
  end();
  const target = targetOf({ format: pidFiles("*/<pid>"), at: "runs" });
  expect(await fates({ ...now, targets: [target] })).toEqual([expect.stringMatching(/^reaped ghost /)]);
  expect(dropped).toEqual([]);
});

test.each([
  ["Claude's own record of the process", "claude-sessions/2.1.197", "7c1f0a52-9b1e-4c0e-8a6f-2f6d1f3b9e01"],
  ["a registry that another program writes", "keyed-json/1", null],
])(
  "a row that names another session than %s does is reported as a phantom, if that is the holder's own word",
  async (_who, other, named) => {
    const [omx, second] = [fixtureOf("omx-session/seen-2026-11"), fixtureOf(other)];
    const { write, entries } = start(omx);
    for (const [path, text] of filesOf(other)) write(path, text);
    const reports = await entries({ targets: [targetOf(omx), targetOf(second)] });
    expect(reports.map(({ verdict, action }) => `${verdict} ${action}`)).toEqual(["live kept", "live kept"]);
    expect(reports.map(({ phantomOf }) => phantomOf)).toEqual([named, null]);
  },
);
