import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  by,
  copiedTool,
  daysAgo,
  declareRegistry,
  downServer,
  newScratch,
  sessreap,
  sweepReport,
  writeOld,
  type Scratch,
} from "../harness.ts";
import { type Running, bootId, gonePid, hasShiftedClocks, leaderless, start, stop, until, zombie } from "../../processes.ts";

const since = daysAgo(1);

/** A bridge of this test's own: no other test, and no bridge of this machine, matches its name. */
async function startBridge(scratch: Scratch) {
  const name = `bridge-${randomUUID()}.mjs`;
  const script = join(scratch.dir, name);
  writeFileSync(script, "process.stdin.resume();\n");
  return { owner: { argv: [name, "watch"] }, bridge: await start(process.execPath, [script, "watch"], { argv0: "node" }) };
}

/** A release command that writes down what it was given, and takes the entry out of the registry. */
function releaseScript(scratch: Scratch, path: string, then = ""): readonly string[] {
  const source = `
    import { readFileSync, writeFileSync, appendFileSync } from "node:fs";
    const [log, path, key, sessionId] = process.argv.slice(2);
    appendFileSync(log, JSON.stringify({ argv: process.argv.slice(4), stdin: readFileSync(0, "utf8") }) + "\\n");
    ${then}
    const entries = JSON.parse(readFileSync(path, "utf8"));
    delete entries[key];
    writeFileSync(path, JSON.stringify(entries));
  `;
  const script = join(scratch.dir, "release.mjs");
  writeFileSync(script, source);
  return [process.execPath, script, join(scratch.dir, "release.log"), path, "{key}", "{sessionId}"];
}

const released = (scratch: Scratch): readonly unknown[] => {
  const lines = readFileSync(join(scratch.dir, "release.log"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
};

test("while its owner is up a ghost is withheld, and the owner is named; when it is down, the ghost goes", async () => {
  const scratch = newScratch();
  const { owner, bridge } = await startBridge(scratch);
  const path = declareRegistry(scratch, { owner });
  const text = JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } });
  writeOld(path, text);
  const report = await sweepReport(scratch, []);
  expect(by(report, "verdict", "action")).toEqual({ ghost: "ghost withheld" });
  expect(report.registries).toMatchObject([{ state: "report-only", owner: { up: true, pids: [bridge.pid] } }]);
  expect(report.summary.withheld).toBe(1);
  expect(report.exitCode).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  await stop(bridge);
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ ghost: "reaped" });
});

test("an owner that only looks like it is none: its words in another order, or inside one argument", async () => {
  const scratch = newScratch();
  const name = `bridge-${randomUUID()}.mjs`;
  writeFileSync(join(scratch.dir, name), "process.stdin.resume();\n");
  await start(process.execPath, [join(scratch.dir, name), `watch ${name}`, "register"], { argv0: "node" });
  const path = declareRegistry(scratch, { owner: { argv: [name, "watch"] } });
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ ghost: "reaped" });
});

test("an owner is also known by a lock file that names a living process, and by one that a flock holds", async () => {
  const scratch = newScratch();
  const { pid } = await gonePid();
  const lock = join(scratch.dir, "bridge.lock");
  const path = declareRegistry(scratch, { owner: { lock } });
  writeOld(path, JSON.stringify({ ghost: { pid, since } }));
  writeFileSync(lock, JSON.stringify({ pid: process.pid }));
  expect(by(await sweepReport(scratch, ["-n"]), "action")).toEqual({ ghost: "withheld" });
  writeFileSync(lock, `${pid}\n`);
  expect(by(await sweepReport(scratch, ["-n"]), "action")).toEqual({ ghost: "would-reap" });
  const holder = await start("flock", [lock, "cat"]);
  expect(by(await sweepReport(scratch, ["-n"]), "action")).toEqual({ ghost: "withheld" });
  await stop(holder);
});

test("an owner whose lock names a zombie is down, and one whose first thread has ended is up", async () => {
  const scratch = newScratch();
  const [dead, holder] = [await zombie(), await leaderless("bridge")];
  const lock = join(scratch.dir, "bridge.lock");
  const path = declareRegistry(scratch, { owner: { lock } });
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  const action = async (named: Running, procStart?: string) => {
    writeFileSync(lock, JSON.stringify({ pid: named.pid, procStart }));
    return by(await sweepReport(scratch, ["-n"]), "action")["ghost"];
  };
  expect(await action(dead)).toBe("would-reap");
  expect(await action(dead, dead.startTicks)).toBe("would-reap");
  expect(await action(holder)).toBe("withheld");
  expect(await action(holder, `${bootId()}:${holder.startTicks}`)).toBe("withheld");
  // The time namespace of a process whose first thread has ended may not be read.
  expect(await action(holder, "1")).toBe(hasShiftedClocks ? "withheld" : "would-reap");
  // What is no start token proves nothing.
  expect(await action(holder, "Fri Nov 20 15:07:09 2026")).toBe("withheld");
});

test("an owner is up whose argv has become a title, and one whose first thread has ended", async () => {
  const scratch = newScratch();
  const name = `bridge-${randomUUID()}.mjs`;
  const title = `node /opt/bridge/${name} watch`;
  const path = declareRegistry(scratch, { owner: { argv: [name, "watch"] } });
  writeOld(path, JSON.stringify({ ghost: { pid: (await gonePid()).pid, since } }));
  const action = async () => by(await sweepReport(scratch, ["-n"]), "action")["ghost"];
  expect(await action()).toBe("would-reap");
  const titled = await start(process.execPath, ["-e", `process.title = ${JSON.stringify(title)}; process.stdin.resume()`]);
  await until("it has its title", () => readFileSync(`/proc/${titled.pid}/cmdline`, "utf8").startsWith(title));
  expect(await action()).toBe("withheld");
  await stop(titled);
  expect(await action()).toBe("would-reap");
  const split = await leaderless(name, "watch");
  expect(await action()).toBe("withheld");
  await stop(split);
});

/** A service manager that knows one unit, which is down. */
function manager(scratch: Scratch): Readonly<Record<string, string>> {
  const [bin, runtime] = [join(scratch.dir, "bin"), join(scratch.dir, "run")];
  mkdirSync(join(runtime, "systemd", "private"), { recursive: true });
  mkdirSync(bin);
  const script = `#!/bin/sh
case "$*" in
  *"-- known.service") echo LoadState=loaded; echo ActiveState=inactive;;
  *) echo LoadState=not-found; echo ActiveState=inactive;;
esac
`;
  writeFileSync(join(bin, "systemctl"), script, { mode: 0o755 });
  return { PATH: `${bin}:${scratch.env["PATH"] ?? ""}`, XDG_RUNTIME_DIR: runtime };
}

test("an owner whose unit no service manager knows counts as up, and doctor says that the guard is off", async () => {
  const scratch = newScratch();
  const env = manager(scratch);
  const ghost = { pid: (await gonePid()).pid, since };
  const path = declareRegistry(scratch, { owner: { unit: "misspelt.service" } });
  writeOld(path, JSON.stringify({ ghost }));
  const report = await sweepReport(scratch, [], { env });
  expect(by(report, "action")).toEqual({ ghost: "withheld" });
  expect(report.registries).toMatchObject([{ owner: { up: true, unknownUnit: "misspelt.service" } }]);
  const { stdout } = await sessreap(scratch, ["doctor"], { env });
  expect(stdout).toMatch(/off .*no service manager knows misspelt\.service/);
  declareRegistry(scratch, { owner: { unit: "known.service" } });
  expect(by(await sweepReport(scratch, ["-n"], { env }), "action")).toEqual({ ghost: "would-reap" });
  declareRegistry(scratch, { owner: { unit: "misspelt.service", lock: join(scratch.dir, "bridge.lock") } });
  expect(by(await sweepReport(scratch, ["-n"], { env }), "action")).toEqual({ ghost: "would-reap" });
});

/** What no other process of the machine carries in its arguments. */
const run = randomUUID();

test("a release command gets key and session as whole arguments, whatever is in them, and no shell", async () => {
  const scratch = newScratch();
  const { owner } = await startBridge(scratch);
  const path = join(scratch.dir, "agents.json");
  declareRegistry(scratch, { owner, release: releaseScript(scratch, path) });
  const { pid } = await gonePid();
  const keys = ["plain", `$(touch ${scratch.dir}/hacked); "'\`*`, "a --help", "{sessionId}"];
  const entries = keys.map((key, index) => [key, { id: `${run} ${index}`, pid, since }]);
  writeOld(path, JSON.stringify({ ...Object.fromEntries(entries), alive: { pid: process.pid, since } }));
  const report = await sweepReport(scratch, []);
  expect(report.entries.map(({ action }) => action)).toEqual([...keys.map(() => "released"), "kept"]);
  expect(report).toMatchObject({ exitCode: 0, summary: { reaped: 4, failed: 0 } });
  expect(released(scratch)).toEqual(keys.map((key, index) => ({ argv: [key, `${run} ${index}`], stdin: "" })));
  expect(Object.keys(JSON.parse(readFileSync(path, "utf8")) as object)).toEqual(["alive"]);
});

test.each([
  ["its key begins with a dash", "--all", run, ["{key}"], 'the release command would take {key} for an option: it begins with "-"'],
  [
    "its session begins with a dash",
    "mine",
    `-${run}`,
    ["{sessionId}"],
    'the release command would take {sessionId} for an option: it begins with "-"',
  ],
  [
    "it records no session, and the command wants one",
    "mine",
    undefined,
    ["{sessionId}"],
    "the release command wants {sessionId}, and the entry records none",
  ],
])("no release command is run for an entry when %s", async (_, key, id, words, why) => {
  const scratch = newScratch();
  const { owner } = await startBridge(scratch);
  const path = join(scratch.dir, "agents.json");
  const ran = join(scratch.dir, "ran");
  declareRegistry(scratch, {
    owner,
    release: [process.execPath, "-e", `require("fs").writeFileSync(${JSON.stringify(ran)}, "")`, ...words],
  });
  const text = JSON.stringify({ [key]: { id, pid: (await gonePid()).pid, since }, alive: { pid: process.pid, since } });
  writeOld(path, text);
  const report = await sweepReport(scratch, []);
  expect(report.entries.find((entry) => entry.key === key)).toMatchObject({
    action: "withheld",
    detail: expect.stringContaining(why) as string,
  });
  expect(report.exitCode).toBe(0);
  expect(existsSync(ran)).toBe(false);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a release that fails, or that changes nothing, is a failure, and the entry stays", async () => {
  const scratch = newScratch();
  const { owner } = await startBridge(scratch);
  const path = join(scratch.dir, "agents.json");
  const text = JSON.stringify({ ghost: { id: run, pid: (await gonePid()).pid, since } });
  const attempts = [
    [releaseScript(scratch, path, "process.exit(3);"), /the release command failed: .* exit code 3/],
    [["/bin/true", "{key}"], /the release command succeeded, but the entry is still there/],
    [["/nonexistent/bridge", "{key}"], /the release command failed: .*ENOENT/],
  ] as const;
  for (const [release, said] of attempts) {
    declareRegistry(scratch, { owner, release });
    writeOld(path, text);
    const report = await sweepReport(scratch, []);
    expect(report).toMatchObject({ exitCode: 3, summary: { failed: 1, reaped: 0 } });
    expect(report.registries[0]).toMatchObject({ state: "failed", problem: expect.stringMatching(said) as string });
    expect(by(report, "action")).toEqual({ ghost: "failed" });
    expect(readFileSync(path, "utf8")).toBe(text);
  }
});

test("what rests on absence alone is not released at first sight either", async () => {
  const scratch = newScratch();
  const { owner } = await startBridge(scratch);
  const path = join(scratch.dir, "agents.json");
  declareRegistry(scratch, { owner, release: releaseScript(scratch, path), ...downServer });
  writeOld(path, JSON.stringify({ absent: { id: randomUUID(), since } }));
  expect(by(await sweepReport(scratch, []), "action")).toEqual({ absent: "pending" });
  expect(by(await sweepReport(scratch, ["--now"]), "action")).toEqual({ absent: "released" });
});

test("a command that an upgrade of the package outruns releases its registration all the same", async () => {
  const scratch = newScratch();
  const { owner } = await startBridge(scratch);
  const path = join(scratch.dir, "agents.json");
  const session = randomUUID();
  declareRegistry(scratch, { owner, release: releaseScript(scratch, path) });
  writeOld(path, JSON.stringify({ mine: { id: session, pid: (await gonePid()).pid, since } }));
  const tool = copiedTool(scratch);
  // What it loaded stays in memory; the files go, as they do when another version takes their place.
  const upgrade = ["rm", "-r", join(scratch.dir, "tool")];
  const ran = await sessreap(scratch, ["exec", "--session", session, "--", ...upgrade], { tool });
  expect(ran).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  expect(released(scratch)).toEqual([{ argv: ["mine", session], stdin: "" }]);
});
