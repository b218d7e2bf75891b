import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTicksOf, until } from "../../processes.ts";
import { argvOf, childrenOf, installCode, isThere, newSession, processesOf, startAlone } from "../agents.ts";
import { declareRegistry, newScratch, sessreap, startSessreap, type Ran, type Scratch } from "../harness.ts";

/** How many times two launchers are started at once; the whole proof is asked for by name, for it takes its time. */
const races = Number(process.env["SESSREAP_RACES"] ?? 20);

function place() {
  const scratch = newScratch();
  const registry = declareRegistry(scratch);
  writeFileSync(registry, "{}\n");
  return { scratch, registry, session: newSession() };
}

const exec = (scratch: Scratch, session: string, command: readonly string[], more: readonly string[] = [], env = {}) =>
  sessreap(scratch, ["exec", "--session", session, ...more, "--", ...command], { env });

/** A command that writes its pid into a file and stays. */
const staying = (scratch: Scratch, name: string): readonly string[] => ["sh", "-c", `echo $$ > ${join(scratch.dir, name)}; exec sleep 600`];

async function pidIn(scratch: Scratch, name: string): Promise<number> {
  const path = join(scratch.dir, name);
  await until(`${name} is written`, () => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"));
  return Number(readFileSync(path, "utf8"));
}

test.each([
  [["true"], 0],
  [["sh", "-c", "exit 7"], 7],
  [["sh", "-c", "kill -TERM $$"], 143],
  [["sh", "-c", "kill -KILL $$"], 137],
  [["sh", "-c", "kill -HUP $$"], 129],
  [["sessreap-no-such-command"], 127],
  [["/etc/passwd"], 126],
])("%j ends with %i", async (command, code) => {
  const { scratch, session } = place();
  // Where PATH names a directory that may not be read, a missing program counts as one that may not be run.
  expect(await exec(scratch, session, command, [], { PATH: "/usr/bin:/bin" })).toMatchObject({ code, stdout: "" });
});

test("the command has its own stdin, stdout and stderr, and nothing else is said", async () => {
  const { scratch, session } = place();
  expect(await exec(scratch, session, ["sh", "-c", "echo out; echo err >&2; cat"])).toEqual({
    code: 0,
    signal: null,
    stdout: "out\n",
    stderr: "err\n",
  });
});

test("options of the command behind -- are the command's", async () => {
  const { scratch, session } = place();
  expect(await exec(scratch, session, ["echo", "--json", "--session", "x", "-n"])).toMatchObject({
    code: 0,
    stdout: "--json --session x -n\n",
  });
});

test(`two launchers of one session started at once, ${races} times: exactly one runs`, async () => {
  const { scratch } = place();
  for (let race = 0; race < races; race += 1) {
    const session = newSession();
    const over = join(scratch.dir, `over-${race}`);
    const command = ["sh", "-c", `echo ran; while ! test -e ${over}; do sleep 0.02; done`];
    const ends: Ran[] = [];
    const both = [0, 1].map(async () => ends.push(await exec(scratch, session, command)));
    // The winner stays until the other has given up, however long that takes on a busy machine.
    await until("one of them gives up", () => ends.length > 0);
    writeFileSync(over, "");
    await Promise.all(both);
    const described = ends.map(({ code, stdout }) => `${code} ${stdout.trim()}`);
    expect(described, `race ${race}: ${ends.map(({ stderr }) => stderr).join("")}`).toEqual(["75 ", "0 ran"]);
  }
}, 1_000_000);

test("a refusal names the other by pid, age and terminal, and says the three choices", async () => {
  const { scratch, session } = place();
  const first = startSessreap(scratch, ["exec", "--session", session, "--", ...staying(scratch, "first")]);
  const pid = await pidIn(scratch, "first");
  const { code, stderr } = await exec(scratch, session, ["true"]);
  expect(code).toBe(75);
  expect(stderr).toMatch(new RegExp(`pid ${pid}  sleep  up \\d+s  no terminal`));
  for (const choice of ["refuse", "wait", "retire"]) expect(stderr).toContain(choice);
  first.kill("SIGTERM");
  await once(first, "close");
  expect(isThere(pid)).toBe(false);
});

test("a harness that was started without a launcher is found, too, however its id is spelled", async () => {
  const { scratch, session } = place();
  const pid = await startAlone(scratch, installCode(scratch), ["resume", session]);
  const { code, stderr } = await exec(scratch, session.toUpperCase().replaceAll("-", ""), ["true"]);
  expect(code).toBe(75);
  expect(stderr).toContain(`pid ${pid}`);
});

test("--on-conflict wait runs the command when the other has ended", async () => {
  const { scratch, session } = place();
  const first = startSessreap(scratch, ["exec", "--session", session, "--", ...staying(scratch, "first")]);
  const pid = await pidIn(scratch, "first");
  const second = exec(scratch, session, ["sh", "-c", `test -e /proc/${pid} || echo alone`], ["--on-conflict", "wait"]);
  first.kill("SIGTERM");
  expect(await second).toMatchObject({ code: 0, stdout: "alone\n" });
});

test("--on-conflict retire ends the other and its background child first", async () => {
  const { scratch, session } = place();
  const older = await startAlone(scratch, installCode(scratch), ["resume", session], { CHILD: "1" });
  const child = childrenOf(older)[0] as number;
  const { code, stdout } = await exec(scratch, session, ["echo", "mine"], ["--on-conflict", "retire"]);
  expect([code, stdout, isThere(older), isThere(child)]).toEqual([0, "mine\n", false, false]);
});

test("--on-conflict retire ends what another launcher runs, whatever it is called", async () => {
  const { scratch, session } = place();
  const first = startSessreap(scratch, ["exec", "--session", session, "--", ...staying(scratch, "first")]);
  const pid = await pidIn(scratch, "first");
  const closed = once(first, "close");
  expect(await exec(scratch, session, ["echo", "mine"], ["--on-conflict", "retire"])).toMatchObject({ code: 0, stdout: "mine\n" });
  expect(isThere(pid)).toBe(false);
  expect((await closed)[0]).toBe(143);
});

test("SIGKILL of the launcher itself frees the session", async () => {
  const { scratch, session } = place();
  const first = startSessreap(scratch, ["exec", "--session", session, "--", ...staying(scratch, "first")]);
  await pidIn(scratch, "first");
  first.kill("SIGKILL");
  await once(first, "exit");
  expect(await exec(scratch, session, ["echo", "free"])).toMatchObject({ code: 0, stdout: "free\n" });
});

test("a harness that outlives its killed launcher is a live owner by its argv: seen, refused, retired", async () => {
  const { scratch, session } = place();
  const code = installCode(scratch);
  const first = startSessreap(scratch, ["exec", "--session", session, "--", "sh", "-c", `${code} resume ${session}; exit 5`]);
  const harness = (): number | undefined => processesOf(scratch).find((pid) => argvOf(pid).slice(2).join(" ") === `resume ${session}`);
  await until("the harness runs", () => harness() !== undefined);
  const pid = harness() as number;
  first.kill("SIGKILL");
  await once(first, "exit");
  const seen = await sessreap(scratch, ["owners", "--session", session]);
  expect(seen.stdout).toMatch(new RegExp(`^ +${pid} `, "m"));
  const { code: refused, stderr } = await exec(scratch, session, ["true"]);
  expect([refused, stderr]).toEqual([75, expect.stringContaining(`pid ${pid}`)]);
  expect(await exec(scratch, session, ["echo", "mine"], ["--on-conflict", "retire"])).toMatchObject({ code: 0, stdout: "mine\n" });
  expect(isThere(pid)).toBe(false);
});

test.each(["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR1"] as const)("%s sent to the launcher reaches the command", async (signal) => {
  const { scratch, session } = place();
  const script = `trap 'echo got; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
  const child = startSessreap(scratch, ["exec", "--session", session, "--", "sh", "-c", script]);
  let out = "";
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await until("the command is ready", () => out.includes("ready"));
  child.kill(signal);
  const [code] = (await once(child, "close")) as [number];
  expect([code, out]).toEqual([9, "ready\ngot\n"]);
});

test("when the command ends its registration is reaped at once, and nobody else's", async () => {
  const { scratch, registry, session } = place();
  const other = { id: newSession(), pid: process.pid, start: startTicksOf(process.pid), since: new Date().toISOString() };
  // The command registers itself as an agent would: with its own pid and start, right now.
  const script = `
    const { readFileSync, writeFileSync } = require("node:fs");
    const start = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[19];
    const mine = { id: ${JSON.stringify(session)}, pid: process.pid, start, since: new Date().toISOString() };
    writeFileSync(${JSON.stringify(registry)}, JSON.stringify({ other: ${JSON.stringify(other)}, mine }, null, 2));
    process.exit(3);`;
  const { code, stderr } = await exec(scratch, session, [process.execPath, "-e", script]);
  expect([code, stderr]).toEqual([3, ""]);
  expect(JSON.parse(readFileSync(registry, "utf8"))).toEqual({ other });
  expect((await sessreap(scratch, ["restore", "mine"])).code).toBe(0);
});

test("background children that the command leaves are listed, wherever they went", async () => {
  const { scratch, session } = place();
  const code = installCode(scratch);
  const script = `setsid ${code} exec -s workspace-write "/review of ${session}" >/dev/null 2>&1 & sleep 0.3`;
  const { stderr } = await exec(scratch, session, ["sh", "-c", script]);
  const left = processesOf(scratch);
  expect(stderr).toContain("1 background child is left");
  expect(left.some((pid) => stderr.includes(`pid ${pid}`))).toBe(true);
});

test("--reap-children ends them, and leaves what is no agent", async () => {
  const { scratch, session } = place();
  const code = installCode(scratch);
  const script = `${code} exec "/review of ${session}" >/dev/null 2>&1 & sleep 600 >/dev/null 2>&1 & sleep 0.3`;
  const { stderr } = await exec(scratch, session, ["sh", "-c", script], ["--reap-children"]);
  expect(stderr).toContain("1 of 1 ended");
  const left = processesOf(scratch).map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim());
  expect(left).toEqual(["sleep 600"]);
});

test("reap ends one registration without grace, but only where the holder is provably gone", async () => {
  const { scratch, registry } = place();
  const since = new Date().toISOString();
  writeFileSync(
    registry,
    JSON.stringify({
      gone: { id: newSession(), pid: 4_194_304, start: "1", since },
      alive: { id: newSession(), pid: process.pid, start: startTicksOf(process.pid), since },
      silent: { id: newSession(), since: "2020-01-01T00:00:00Z" },
    }),
  );
  const codes = [];
  for (const key of ["gone", "alive", "silent", "nobody"]) codes.push((await sessreap(scratch, ["reap", key])).code);
  expect(codes).toEqual([0, 3, 3, 1]);
  expect(Object.keys(JSON.parse(readFileSync(registry, "utf8")) as object)).toEqual(["alive", "silent"]);
});
