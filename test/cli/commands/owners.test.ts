import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OwnersDocument } from "../../../src/report/model/owners.ts";
import { until } from "../../processes.ts";
import { childrenOf, installCode, isThere, openTmux, newSession, startAlone } from "../agents.ts";
import { leaveOut, newScratch, parseOnly, sessreap, type Scratch } from "../harness.ts";
import { noTerminal, onTerminal } from "../terminal.ts";

async function owners(scratch: Scratch, session: string, ...words: readonly string[]) {
  const none = join(scratch.dir, "none.json");
  const ran = await sessreap(scratch, ["owners", "--json", "--session", session, "--registry", none, ...words]);
  const report = parseOnly(ran.stdout, ran.stderr) as OwnersDocument;
  const harnesses = (report.sessions?.[0]?.harnesses ?? []).map(({ processes, children }) => ({
    pids: processes.map(({ pid }) => pid),
    children: children.map(({ pid }) => pid),
  }));
  return { ...ran, report, harnesses };
}

async function twoHarnesses() {
  const scratch = newScratch();
  const session = newSession();
  const code = installCode(scratch);
  const older = await startAlone(scratch, code, ["resume", session], { CHILD: "1" });
  const newer = await startAlone(scratch, code, ["resume", session], { CHILD: "1" });
  const decoy = await startAlone(scratch, code, ["exec", "-s", "workspace-write", `/review and resume ${session}`]);
  const child = (pid: number): number => childrenOf(pid)[0] as number;
  return { scratch, session, code, older, newer, decoy, olderChild: child(older), newerChild: child(newer) };
}

test("two live harnesses of one session are a duplicate, each with its background child", async () => {
  const { scratch, session, older, newer, olderChild, newerChild } = await twoHarnesses();
  const { harnesses, code, report } = await owners(scratch, session, "--exit-code");
  expect(harnesses).toEqual([
    { pids: [older], children: [olderChild] },
    { pids: [newer], children: [newerChild] },
  ]);
  expect(code).toBe(10);
  expect(report.sessions[0]?.duplicate).toBe(true);
  const process = report.sessions[0]?.harnesses.find(({ processes }) => processes[0]?.pid === older)?.processes[0];
  expect(process).toMatchObject({ cwd: scratch.dir, terminal: null });
  expect(process?.memoryBytes).toBeGreaterThan(1_000_000);
});

test("a session can be asked for as it is shown, or by a pid of its own, and is ended by its whole name alone", async () => {
  const { scratch, session, older, newer } = await twoHarnesses();
  for (const word of [session.slice(0, 8), session.slice(0, 8).toUpperCase(), `${session.slice(0, 6)}…${session.slice(-4)}`, `${newer}`]) {
    const { report } = await owners(scratch, word);
    expect([word, report.sessions.map(({ sessionId }) => sessionId)]).toEqual([word, [session]]);
  }
  expect((await owners(scratch, "nobody")).report.sessions).toEqual([]);
  const { code } = await owners(scratch, session.slice(0, 8), "--retire", "older", "--yes");
  expect({ code, alive: [older, newer].map(isThere) }).toEqual({ code: 0, alive: [true, true] });
});

test("retiring the older leaves exactly the newer one and its child, and a decoy whose prompt quotes the id", async () => {
  const { scratch, session, older, newer, decoy, olderChild, newerChild } = await twoHarnesses();
  const { code, report } = await owners(scratch, session, "--retire", "older", "--yes");
  expect([older, olderChild, newer, newerChild, decoy].map(isThere)).toEqual([false, false, true, true, true]);
  expect(code).toBe(0);
  expect(report.retired.map(({ role, pid, signal, became }) => [role, pid, signal, became])).toEqual([
    ["harness", older, "SIGTERM", "ended"],
    ["child", olderChild, expect.stringMatching(/SIGTERM/), "ended"],
  ]);
  const history = parseOnly((await sessreap(scratch, ["history", "--json"])).stdout) as {
    sweeps: { command: string; processes: unknown }[];
  };
  expect(history.sweeps[0]).toMatchObject({ command: "owners --retire", processes: report.retired });
});

if (noTerminal !== undefined) leaveOut("a question before processes are ended", noTerminal);

test.skipIf(noTerminal !== undefined).each([
  ["n", "a no", [true, true]],
  ["", "no answer", [true, true]],
  ["y", "a yes", [false, true]],
])("asked whether the older harness may be ended, %j is %s, and no mistake of the person", async (answer, _, alive) => {
  const { scratch, session, older, newer } = await twoHarnesses();
  const { code, text } = onTerminal(
    scratch,
    ["owners", "--session", session, "--retire", "older", "--registry", join(scratch.dir, "none.json")],
    {
      input: `${answer}\n`,
    },
  );
  expect(text).toContain("End these processes? [y/N]");
  expect({ code, alive: [older, newer].map(isThere) }).toEqual({ code: 0, alive });
});

test("a harness that is deaf to SIGTERM is killed", async () => {
  const scratch = newScratch();
  const session = newSession();
  const code = installCode(scratch);
  const deaf = await startAlone(scratch, code, ["resume", session], { DEAF: "1" });
  const newer = await startAlone(scratch, code, ["resume", session]);
  const { report } = await owners(scratch, session, "--retire", String(deaf), "--yes");
  expect(report.retired).toMatchObject([{ pid: deaf, signal: "SIGKILL", became: "ended" }]);
  expect(isThere(newer)).toBe(true);
});

test("a harness that was stopped from its terminal ends without being killed", async () => {
  const scratch = newScratch();
  const session = newSession();
  const code = installCode(scratch);
  const stopped = await startAlone(scratch, code, ["resume", session]);
  const newer = await startAlone(scratch, code, ["resume", session]);
  process.kill(stopped, "SIGSTOP");
  const { report } = await owners(scratch, session, "--retire", "older", "--yes");
  expect(report.retired).toMatchObject([{ pid: stopped, signal: "SIGTERM", became: "ended" }]);
  expect(isThere(newer)).toBe(true);
});

test("without a terminal and without --yes nothing is ended", async () => {
  const { scratch, session, older } = await twoHarnesses();
  const { code, stdout } = await owners(scratch, session, "--retire", "older");
  expect(code).toBe(2);
  expect(stdout).toContain("--yes");
  expect(isThere(older)).toBe(true);
});

test("a pid that is no harness is not ended", async () => {
  const { scratch, session, decoy } = await twoHarnesses();
  for (const pid of [decoy, 1, process.pid]) {
    const { code } = await owners(scratch, session, "--retire", String(pid), "--yes");
    expect(code).toBe(1);
  }
  expect(isThere(decoy)).toBe(true);
});

test("a harness that runs sessreap is never ended by it", async () => {
  const scratch = newScratch();
  const session = newSession();
  const code = installCode(scratch);
  const newer = await startAlone(scratch, code, ["resume", session]);
  // The launcher calls itself `codex resume ID` and runs the tool as its child.
  const script = `const { spawnSync } = require("node:child_process");
    const { status, stderr } = spawnSync(process.execPath, [process.env.TOOL, "owners", "--retire", String(process.pid), "--yes"]);
    require("node:fs").writeFileSync(process.env.OUT, status + " " + stderr);`;
  const launcher = join(scratch.dir, "codex.js");
  writeFileSync(launcher, script);
  const out = join(scratch.dir, "out");
  spawnSync(process.execPath, [launcher, "resume", session], {
    env: { ...scratch.env, TOOL: join(process.cwd(), "dist/sessreap.cjs"), OUT: out },
  });
  expect(readFileSync(out, "utf8")).toMatch(/^4 .*sessreap itself or runs it/);
  expect(isThere(newer)).toBe(true);
});

test("on a terminal it asks, and a no ends nothing", async () => {
  const { scratch, session, older, olderChild } = await twoHarnesses();
  const tmux = await openTmux(scratch);
  const tool = `${process.execPath} ${join(process.cwd(), "dist/sessreap.cjs")} owners --session ${session} --retire older`;
  tmux.type(tool, "Enter");
  await tmux.shows("End these processes? [y/N]");
  tmux.type("n", "Enter");
  await tmux.shows("nothing was ended");
  expect(isThere(older)).toBe(true);
  tmux.type("clear", "Enter");
  tmux.type(tool, "Enter");
  await tmux.shows("End these processes? [y/N]");
  tmux.type("y", "Enter");
  await until("the older harness and its child have ended", () => !isThere(older) && !isThere(olderChild));
});

test("a session that nobody runs has no owner", async () => {
  const { harnesses, code } = await owners(newScratch(), newSession(), "--exit-code");
  expect([harnesses, code]).toEqual([[], 0]);
});
