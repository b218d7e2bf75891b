import { randomUUID } from "node:crypto";
import { existsSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { configSchema } from "../../src/cli/config/schema/config-schema.ts";
import { filesOf } from "../registries/fixtures.ts";
import { plant, withFacts } from "../registries/plant.ts";
import { gonePid, idle, pretend, stop } from "../processes.ts";
import { by, newScratch, sweepReport, tryClock, writeOld, type Scratch } from "./harness.ts";

const examples = "examples";

/** Each example, the fixture that it is for, its entries under the placeholder pid, and which of them name a host. */
const rows = [
  { config: "pad", folder: "pad/seen-2026-11", keys: ["4100001.json"], hosted: [], holder: "claude" },
  {
    config: "instar",
    folder: "instar/1.3.1186",
    keys: ["resume-queue.lock", "server-instance.lock"],
    hosted: ["resume-queue.lock", "server-instance.lock"],
    holder: "node",
  },
  {
    config: "every-code",
    folder: "every-code/0.6.172",
    keys: ["pid-4100001.txt", "repo-0a1b2c3d/review.lock"],
    hosted: [],
    holder: "code",
  },
  { config: "happy", folder: "happy/1.2.5", keys: ["daemon.state.json", "daemon.state.json.lock"], hosted: [], holder: "node" },
  {
    config: "git-worktrees",
    folder: "git-worktrees/claude-2.1.332",
    keys: ["beds/locked", "paths/locked"],
    hosted: [],
    holder: "claude",
  },
  { config: "jupyter", folder: "jupyter/jupyter-server-2", keys: ["jpserver-4100001.json"], hosted: [], holder: "jupyter-server" },
  { config: "beads", folder: "beads/0.21.0", keys: ["daemon.lock", "daemon.pid"], hosted: [], holder: "bd" },
] as const;

/** No repository keeps another one's `.git`. */
const unmasked = (path: string): string => path.replace("/dot-git/", "/.git/");

/** Those with tables are tried in `tables/examples.test.ts` and `servers/trouble.test.ts`. */
const tables = ["agent-deck", "controller", "hermes", "mcp-agent-mail", "spawnbox"];

const read = (config: string): string => readFileSync(join(examples, `${config}.config.json`), "utf8");

function configured({ dir }: Scratch, config: string): readonly string[] {
  return ["--config", writeOld(join(dir, "config.json"), read(config))];
}

test("every example configuration is tried here, and says what the schema allows", () => {
  const shipped = readdirSync(examples).filter((name) => name.endsWith(".config.json"));
  expect(shipped.toSorted()).toEqual(
    ["chromium", ...tables, ...rows.map(({ config }) => config)].map((config) => `${config}.config.json`).toSorted(),
  );
  const bad = shipped.filter((name) => !v.is(configSchema, JSON.parse(readFileSync(join(examples, name), "utf8"))));
  expect(bad).toEqual([]);
});

describe.each(rows)("examples/$config.config.json", ({ config, folder, keys, hosted, holder: argv0 }) => {
  const answers = (holder: { readonly pid: number; readonly startTicks: string }, said: string) =>
    Object.fromEntries(keys.map((key) => [withFacts(key, holder), said]));

  test("keeps the live and touches nothing of it", async () => {
    const scratch = newScratch();
    const holder = await idle({ argv0 });
    plant(folder, scratch.home, holder, undefined, unmasked);
    const files = [...filesOf(folder).keys()].map((path) => join(scratch.home, withFacts(unmasked(path), holder)));
    const before = files.map((path) => statSync(path).ctimeMs);
    const report = await sweepReport(scratch, [...configured(scratch, config), "--now"]);
    expect(by(report, "verdict", "reason", "action")).toEqual(answers(holder, "live pid-alive kept"));
    expect(files.map((path) => statSync(path).ctimeMs)).toEqual(before);
  });

  test("reaps the ghosts, which can be restored as they were", async () => {
    const scratch = newScratch();
    const holder = await gonePid();
    plant(folder, scratch.home, holder, undefined, unmasked);
    const files = [...filesOf(folder)].map(
      ([path, text]) => [join(scratch.home, withFacts(unmasked(path), holder)), withFacts(text, holder)] as const,
    );
    const words = configured(scratch, config);
    const report = await sweepReport(scratch, words);
    expect(by(report, "verdict", "reason", "action")).toEqual(answers(holder, "ghost pid-gone reaped"));
    expect(files.filter(([path]) => existsSync(path))).toEqual([]);
    await sweepReport(scratch, ["restore", "--sweep", report.sweepId]);
    expect(files.map(([path]) => readFileSync(path, "utf8"))).toEqual(files.map(([, text]) => text));
  });

  test.each(hosted)("keeps %s of another host", async (key) => {
    const scratch = newScratch();
    plant(folder, scratch.home, await gonePid(), (text) => text.replaceAll('"here"', JSON.stringify(`not-${hostname()}`)));
    const report = await sweepReport(scratch, [...configured(scratch, config), "--now"]);
    expect(by(report, "reason", "action")[key]).toBe("foreign-host kept");
  });
});

test("examples/jupyter.config.json keeps the file of a kernel whose process was given it, and of no other", async () => {
  const scratch = tryClock(newScratch());
  const [running, ended] = [randomUUID(), randomUUID()];
  const runtime = join(scratch.home, ".local", "share", "jupyter", "runtime");
  const file = (id: string): string => join(runtime, `kernel-${id}.json`);
  for (const id of [running, ended])
    writeOld(file(id), JSON.stringify({ shell_port: 1, iopub_port: 2, ip: "127.0.0.1", key: "none", kernel_name: "python3" }));
  const words = [...configured(scratch, "jupyter"), "--now"];

  const start = (id: string) => pretend(scratch.dir, ["python3", "ipykernel_launcher", "-f", file(id)]);
  const [kernel, one] = [await start(running), await start(ended)];
  const said = async () => by(await sweepReport(scratch, words), "verdict", "reason", "action");
  const kept = "live attached-cli kept";
  expect(await said()).toEqual({ [`kernel-${running}.json`]: kept, [`kernel-${ended}.json`]: kept });
  await stop(one);
  const after = await said();
  expect(after).toEqual({ [`kernel-${running}.json`]: kept, [`kernel-${ended}.json`]: "ghost holder-gone reaped" });
  await stop(kernel);
});

test("examples/chromium.config.json keeps the lock of a live browser, reaps that of a dead one, and leaves another host's", async () => {
  const scratch = newScratch();
  const path = join(scratch.home, ".config", "chromium", "SingletonLock");
  mkdirSync(dirname(path), { recursive: true });
  const old = Date.now() / 1000 - 30 * 86_400;
  const said = async (target: string) => {
    rmSync(path, { force: true });
    symlinkSync(target, path);
    lutimesSync(path, old, old);
    return by(await sweepReport(scratch, configured(scratch, "chromium")), "verdict", "reason", "action");
  };
  const [alive, dead] = [await idle({ argv0: "chromium" }), await gonePid()];
  expect(await said(`${hostname()}-${alive.pid}`)).toEqual({ SingletonLock: "live pid-alive kept" });
  expect(await said(`not-${hostname()}-${dead.pid}`)).toEqual({ SingletonLock: "undecided foreign-host kept" });
  expect(await said(`${hostname()}-${dead.pid}`)).toEqual({ SingletonLock: "ghost pid-gone reaped" });
  expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
});
