import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { OwnersDocument } from "../../../src/report/model/owners.ts";
import { launch, pretend, until } from "../../processes.ts";
import { argvOf, processesOf } from "../agents.ts";
import { leaveOut, newScratch, parseOnly, sessreap, type Scratch } from "../harness.ts";
import { install, prepareHome, version } from "./claude-code.ts";

const registered = ({ home }: Scratch): readonly string[] => {
  const sessions = join(home, ".claude", "sessions");
  return existsSync(sessions) ? readdirSync(sessions).filter((name) => /^\d+\.json$/.test(name)) : [];
};

/** The session that a process which was started before it, and whose arguments name none, has registered. */
function claimedSpare(scratch: Scratch): { readonly pid: number; readonly session: string } | undefined {
  for (const name of registered(scratch)) {
    const pid = Number(name.slice(0, -".json".length));
    if (!argvOf(pid).includes("--bg-spare")) continue;
    return {
      pid,
      session: (JSON.parse(readFileSync(join(scratch.home, ".claude", "sessions", name), "utf8")) as { readonly sessionId: string })
        .sessionId,
    };
  }
  return undefined;
}

const spares = (scratch: Scratch): readonly number[] => processesOf(scratch).filter((pid) => argvOf(pid).includes("--bg-spare"));

/** Claude keeps the sockets of its daemon in a directory of its own outside of its home. */
function removeSockets(scratch: Scratch): void {
  const texts = processesOf(scratch).map((pid) => argvOf(pid).join(" "));
  for (const text of texts) for (const [path] of text.matchAll(/\/tmp\/cc-daemon-\d+\/[0-9a-f]{8}(?=\/)/g)) sockets.add(path);
}
const sockets = new Set<string>();

test(
  `Claude Code ${version} in the background, in a process that was started before its session: one harness; another beside it is a duplicate`,
  { timeout: 120_000 },
  async ({ skip }) => {
    const installed = install();
    if ("why" in installed) {
      leaveOut("the real Claude Code in the background", installed.why);
      skip();
      return;
    }
    const scratch = newScratch();
    onTestFinished(() => {
      for (const path of sockets) rmSync(path, { recursive: true, force: true });
    });
    const env = { ...scratch.env, ...prepareHome(scratch.home, scratch.dir) };
    for (let started = 0; started < 5 && claimedSpare(scratch) === undefined; started += 1) {
      // Each but the first takes a process that waits by then.
      const waits = (pid: number): boolean => !registered(scratch).includes(`${pid}.json`);
      if (started > 0) await until("a spare waits", () => spares(scratch).some(waits));
      await once(launch(installed.path, ["--bg", `hello ${started}`], { cwd: scratch.dir, env, stdio: "ignore" }), "exit");
      await until("its session is registered", () => registered(scratch).length > started);
    }
    removeSockets(scratch);
    const { pid, session } = claimedSpare(scratch) ?? { pid: 0, session: "" };
    expect(argvOf(pid).join(" ")).not.toContain(session);
    const owners = async (): Promise<unknown> => {
      const { stdout, stderr } = await sessreap(scratch, ["owners", "--json", "--session", session]);
      const { sessions } = parseOnly(stdout, stderr) as OwnersDocument;
      return sessions.map(({ harnesses, duplicate }) => ({ duplicate, pids: harnesses.map(({ processes }) => processes[0]?.pid) }));
    };
    expect(await owners()).toEqual([{ duplicate: false, pids: [pid] }]);
    const second = await pretend(scratch.dir, ["claude", "chat", "--resume", session]);
    expect(await owners()).toEqual([{ duplicate: true, pids: [pid, second.pid] }]);
  },
);
