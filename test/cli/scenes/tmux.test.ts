import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chownSync, unlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { launch } from "../../processes.ts";
import { isRoot, nobody, openPlace } from "../../users.ts";
import { by, daysAgo, declareRegistry, leaveOut, newScratch, nobodysScratch, sweepReport, writeOld, type Scratch } from "../harness.ts";

const missing = spawnSync("tmux", ["-V"]).status === 0 ? undefined : "there is no tmux on this machine";
if (missing !== undefined) leaveOut("sessions in tmux", missing);

type Named = { readonly session?: string; readonly pane?: string; readonly socket?: string };

/** A registry whose entries name places in tmux and no process, all older than the grace period and younger than the TTL. */
function register(scratch: Scratch, named: Readonly<Record<string, Named>>): string {
  const fields = { sessionId: "id", registeredAt: "since", tmuxSession: "session", tmuxPane: "pane", tmuxSocket: "socket" };
  const path = declareRegistry(scratch, { fields });
  const entries = Object.entries(named).map(([key, places]) => [key, { id: randomUUID(), since: daysAgo(1), ...places }]);
  return writeOld(path, JSON.stringify(Object.fromEntries(entries)));
}

/** A tmux server with a session of this name, at a socket of the test's own. */
async function serve(
  scratch: Scratch,
  session: string,
  uid?: number,
): Promise<{ readonly socket: string; readonly run: (...words: readonly string[]) => string }> {
  // No other server of this machine has a socket of this name.
  const socket = join(scratch.dir, `${randomUUID()}.sock`);
  const words = ["-S", socket, "-f", "/dev/null"];
  const options = { cwd: scratch.dir, env: { ...scratch.env, LC_ALL: "C.UTF-8" }, ...(uid !== undefined && { uid, gid: uid }) };
  const client = launch("tmux", [...words, "new-session", "-d", "-s", session, "sleep", "600"], options);
  await once(client, "exit");
  return { socket, run: (...more) => spawnSync("tmux", [...words, ...more], { ...options, encoding: "utf8" }).stdout.trim() };
}

const said = async (scratch: Scratch, ...words: readonly string[]): Promise<Readonly<Record<string, string>>> =>
  by(await sweepReport(scratch, words), "verdict", "reason", "action");

describe.skipIf(missing !== undefined)("an entry that names a place in tmux", () => {
  test("is live while its session or its pane is there, and goes at the second look when it is not", async () => {
    const scratch = newScratch();
    const { socket, run } = await serve(scratch, "agent über mars");
    const pane = run("list-panes", "-a", "-F", "#{pane_id}");
    register(scratch, {
      session: { session: "agent über mars", socket },
      pane: { pane, socket },
      beginning: { session: "agent", socket },
      environment: { pane, socket: `${socket},4242,0` },
      "name below another TMUX_TMPDIR": { pane, socket: basename(socket) },
      other: { pane: "%77", socket },
      elsewhere: { session: "agent über mars", socket: join(scratch.dir, "none.sock") },
    });
    const [live, waits] = ["live tmux-alive kept", "ghost tmux-gone pending"];
    const expected = {
      session: live,
      pane: live,
      beginning: waits,
      environment: live,
      "name below another TMUX_TMPDIR": live,
      other: waits,
      elsewhere: waits,
    };
    expect(await said(scratch)).toEqual(expected);
    run("kill-server");
    expect(Object.values(await said(scratch, "--now"))).toEqual(Object.keys(expected).map(() => "ghost tmux-gone reaped"));
  });

  test("is a doubt while what a sweep saw in it runs on under another name, and goes when that has ended", async () => {
    const scratch = newScratch();
    const { socket, run } = await serve(scratch, "mars");
    for (const name of ["venus", "saturn", "main"]) run("new-session", "-d", "-s", name, "sleep", "600");
    register(scratch, { mars: { session: "mars", socket }, venus: { session: "venus", socket }, saturn: { session: "saturn", socket } });
    const live = "live tmux-alive kept";
    expect(await said(scratch)).toEqual({ mars: live, venus: live, saturn: live });
    const pane = run("list-panes", "-t", "mars", "-F", "#{pane_id} (pid #{pane_pid})");
    run("rename-session", "-t", "mars", "pluto");
    run("join-pane", "-s", "venus:", "-t", "main:");
    run("kill-session", "-t", "saturn");
    const report = await sweepReport(scratch, ["--now"]);
    const doubt = "undecided mentioned kept";
    expect(by(report, "verdict", "reason", "action")).toEqual({ mars: doubt, venus: doubt, saturn: "ghost tmux-gone reaped" });
    expect(by(report, "detail")["mars"]).toBe(`tmux pane ${pane} showed it before, and is alive`);
    run("kill-session", "-t", "pluto");
    expect(await said(scratch, "--now")).toEqual({ mars: "ghost tmux-gone reaped", venus: doubt });
  });

  test("is found at whichever server of its user, where it names no socket", async () => {
    const scratch = newScratch();
    const session = randomUUID();
    await serve(scratch, session);
    register(scratch, { mars: { session } });
    expect(await said(scratch)).toEqual({ mars: "live tmux-alive kept" });
  });

  test("is a doubt while its server is stopped, and is not waited for", async () => {
    const scratch = newScratch();
    const { socket, run } = await serve(scratch, "mars");
    const pid = Number(run("display-message", "-p", "#{pid}"));
    register(scratch, { mars: { session: "mars", socket }, venus: { session: "venus", socket } });
    process.kill(pid, "SIGSTOP");
    try {
      const doubt = "undecided tmux-unseen kept";
      expect(await said(scratch)).toEqual({ mars: doubt, venus: doubt });
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  test("is a doubt while its server runs and the socket was removed", async () => {
    const scratch = newScratch();
    const { socket } = await serve(scratch, "mars");
    register(scratch, { mars: { session: "mars", socket } });
    unlinkSync(socket);
    expect(await said(scratch, "--now")).toEqual({ mars: "undecided tmux-unseen kept" });
  });

  test("is a doubt where a socket of its name is another user's", async (context) => {
    if (!isRoot) {
      leaveOut("a tmux server of another user", "only root can start one");
      context.skip();
    }
    const { socket } = await serve(nobodysScratch(), "mars", nobody);
    const scratch = newScratch(openPlace());
    register(scratch, { mars: { session: "mars", socket } });
    expect(await said(scratch, "--now")).toEqual({ mars: "undecided tmux-unseen kept" });
  });

  test("is looked for by root as the user to whom the registry belongs", async (context) => {
    if (!isRoot) {
      leaveOut("root among a user's tmux sessions", "only root can start one of another user");
      context.skip();
    }
    const { socket } = await serve(nobodysScratch(), "mars", nobody);
    const scratch = newScratch(openPlace());
    chownSync(register(scratch, { mars: { session: "mars", socket }, venus: { session: "venus", socket } }), nobody, nobody);
    expect(await said(scratch)).toEqual({ mars: "live tmux-alive kept", venus: "ghost tmux-gone pending" });
  });

  test("is looked for in no tmux where it stays anyway", async () => {
    const scratch = newScratch();
    const { socket } = await serve(scratch, "mars");
    writeOld(
      register(scratch, {}),
      JSON.stringify({ mars: { id: randomUUID(), since: new Date().toISOString(), session: "mars", socket } }),
    );
    expect(await said(scratch)).toEqual({ mars: "undecided within-grace kept" });
  });
});
