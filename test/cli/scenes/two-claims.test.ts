import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { by, configure, daysAgo, newScratch, sweepReport, writeOld } from "../harness.ts";
import { endByPid, gonePid, idle, launch, pretend, until } from "../../processes.ts";

const since = daysAgo(1);
const fields = { sessionId: "id", pid: "pid", startTicks: "start", registeredAt: "since" };

test("of six records of one session the five whose process is gone go, and the one of the process that runs it stays", async () => {
  const scratch = newScratch();
  const sessionId = randomUUID();
  const sessions = join(scratch.env["HOME"] as string, ".claude", "sessions");
  const record = ({ pid, startTicks }: { readonly pid: number; readonly startTicks: string }): string =>
    writeOld(join(sessions, `${pid}.json`), JSON.stringify({ pid, procStart: startTicks, sessionId, startedAt: Date.now() - 86_400_000 }));
  mkdirSync(sessions, { recursive: true });
  const dead = await Promise.all(Array.from({ length: 5 }, gonePid));
  const runs = await pretend(scratch.dir, ["claude", "chat", `--resume=${sessionId}`]);
  for (const one of [...dead, runs]) record(one);
  const report = await sweepReport(scratch, ["--registry", "claude-sessions"]);
  const expected = new Map(dead.map(({ pid }) => [`${pid}.json`, "pid-gone reaped"]));
  expect(by(report, "reason", "action")).toEqual({ ...Object.fromEntries(expected), [`${runs.pid}.json`]: "pid-alive kept" });
});

test("a dead holder condemns what a process claims, not what a session claims that another process runs", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const gone = await gonePid();
  await pretend(scratch.dir, ["codex", "resume", id]);
  const at = (name: string): string => writeOld(join(scratch.dir, name), JSON.stringify({ it: { id, pid: gone.pid, since } }));
  const registries = (["process", "session"] as const).map((about) => {
    return { format: "keyed-json", path: at(`${about}.json`), fields, about };
  });
  configure(scratch, { registries });
  const { entries } = await sweepReport(scratch, []);
  expect(entries.map(({ reason, action }) => `${reason} ${action}`)).toEqual(["pid-gone reaped", "attached-cli kept"]);
});

test("a file that is called by a pid is that process's, unless the configuration says otherwise", async () => {
  const scratch = newScratch();
  const id = randomUUID();
  const [gone, alive] = [await gonePid(), await idle()];
  await pretend(scratch.dir, ["codex", "resume", id]);
  const registries = [{}, { about: "session" }].map((more, index) => {
    const path = join(scratch.dir, `records-${index}`);
    for (const { pid } of [gone, alive]) writeOld(join(path, `${pid}.json`), JSON.stringify({ id, since }));
    return { format: "json-file", path, pattern: "<pid>.json", fields: { sessionId: "id", registeredAt: "since" }, ...more };
  });
  configure(scratch, { registries });
  const { entries } = await sweepReport(scratch, []);
  const dead = entries.filter(({ key }) => key === `${gone.pid}.json`);
  expect(dead.map(({ reason }) => reason)).toEqual(["pid-gone", "attached-cli"]);
});

const showsAs = (pid: number, program: string): boolean =>
  existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(program);

/** A launcher that has been killed, and the pid of what it had started in the background, called like this. */
async function killedLauncher(program: string, shell = ""): Promise<{ readonly pid: number; readonly left: number }> {
  const launcher = launch("bash", ["-c", `${shell} exec -a ${program} sleep 1000 & echo $!; wait`], { detached: true });
  const [said] = (await once(launcher.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const left = Number(said.toString());
  await until("it is called so", () => showsAs(left, program));
  launcher.kill("SIGKILL");
  await once(launcher, "exit");
  return { pid: launcher.pid as number, left };
}

test("an agent that its killed launcher has left behind keeps what a session claims until it ends; a tool does not", async () => {
  const scratch = newScratch();
  const [inGroup, inSession, tool] = [
    await killedLauncher("claude"),
    await killedLauncher("codex", "set -m;"),
    await killedLauncher("dev-server"),
  ];
  const entries = Object.entries({ inGroup, inSession, tool }).map(([key, { pid }]) => [key, { id: randomUUID(), pid, since }]);
  const verdicts = async (about: "process" | "session") => {
    const path = writeOld(join(scratch.dir, `${about}.json`), JSON.stringify(Object.fromEntries(entries)));
    configure(scratch, { registries: [{ format: "keyed-json", path, fields, about }] });
    return by(await sweepReport(scratch, ["list"]), "verdict", "reason", "detail");
  };
  const gone = expect.stringMatching(/^ghost pid-gone pid \d+ is gone$/);
  const keptBy = (agent: string, { pid, left }: typeof inGroup): string =>
    `undecided mentioned pid ${pid} is gone, but it has left ${agent} (pid ${left}) behind, which shows no session and may run it`;
  expect(await verdicts("process")).toEqual({ inGroup: gone, inSession: gone, tool: gone });
  expect(await verdicts("session")).toEqual({ inGroup: keptBy("claude", inGroup), inSession: keptBy("codex", inSession), tool: gone });
  endByPid(inGroup.left);
  await until("it has ended", () => !showsAs(inGroup.left, "claude"));
  expect(await verdicts("session")).toEqual({ inGroup: gone, inSession: keptBy("codex", inSession), tool: gone });
});
