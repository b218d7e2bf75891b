import type { SpawnOptions } from "node:child_process";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { seen, unseen, type Observed, type TmuxObservation, type TmuxPane } from "../../core/evidence.ts";
import { rootsPath, searchPath } from "../search-path.ts";
import { formatError, isMissing, look } from "../observed.ts";
import { listPids } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";
import { probeEndpoint } from "../sockets/endpoints.ts";
import { listeningPaths } from "../sockets/listeners.ts";

/** A server gets so long to list its panes, in ms; one that is stopped never does. */
const answerMs = 2_000;
const largestAnswer = 4 * 1024 * 1024;

/** The user and group that own nothing. */
const nobody = 65_534;

/** The name comes last, for it alone can have blanks in it. */
const format = "#{pane_id} #{session_id} #{window_index} #{pane_index} #{pane_tty} #{pane_pid} #{pid} #{session_name}";

/** The process that a pane was opened with. Its server can be of another pid namespace: then the number means nothing here. */
function firstIn(pid: number, server: number): TmuxPane["first"] {
  try {
    const { startTicks, parentPid } = readStat(pid);
    return parentPid === server ? { pid, startTicks, uid: statSync(`/proc/${pid}`).uid } : undefined;
  } catch {
    return undefined;
  }
}

function panesIn(text: string): readonly TmuxPane[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [pane = "", sessionId = "", window = "", index = "", tty = "", pid = "", server = "", ...name] = line.split(" ");
    return { pane, sessionId, window, index, tty, session: name.join(" "), first: firstIn(Number(pid), Number(server)) };
  });
}

type Ran = { readonly ok: boolean; readonly stdout: string; readonly stderr: string };

/**
 * Runs tmux for so long at most. It hands its output's descriptor to the server, and a stopped server keeps it: so the end
 * of the output is not waited for once tmux itself has had its time.
 */
async function runTmux(words: readonly string[], options: SpawnOptions): Promise<Ran | undefined> {
  const { spawn } = await import("node:child_process");
  const child = spawn("tmux", words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve) => {
    const output = { stdout: "", stderr: "" };
    const finish = (ran: Ran | undefined): void => {
      clearTimeout(late);
      child.kill("SIGKILL");
      for (const name of ["stdout", "stderr"] as const) child[name]?.destroy();
      resolve(ran);
    };
    const late = setTimeout(() => finish(undefined), answerMs);
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        if (output[name].length > largestAnswer) finish({ ok: false, stdout: "", stderr: "it lists too much" });
      });
    }
    child.once("error", (error) => finish({ ok: false, stdout: "", stderr: formatError(error) }));
    child.once("close", (code) => finish({ ok: code === 0, ...output }));
  });
}

/**
 * What a server that accepts connections lists. This command starts none. A server can tell its client to write files and to
 * run programs, so root asks another user's only as that user.
 */
async function listPanes(socket: string, user: number): Promise<Observed<readonly TmuxPane[]>> {
  const isRoot = process.getuid?.() === 0;
  const ran = await runTmux(["-u", "-S", socket, "list-panes", "-a", "-F", format], {
    cwd: "/",
    env: { PATH: isRoot ? rootsPath : (searchPath() ?? rootsPath), LC_ALL: "C" },
    ...(isRoot && user !== 0 && { uid: user, gid: nobody }),
  });
  if (ran === undefined) return unseen(`${socket} did not answer within ${answerMs} ms`);
  return ran.ok ? seen(panesIn(ran.stdout)) : unseen(`${socket}: ${ran.stderr.trim()}`);
}

/** What one socket shows. One that refuses while it still listens was removed, or is that of another mount namespace. */
async function lookAtSocket(path: string, user: number): Promise<Observed<readonly TmuxPane[]>> {
  const reached = await probeEndpoint({ kind: "unix", path }, user);
  if (reached.kind === "accepted") return listPanes(path, user);
  if (reached.kind === "unanswered") return unseen(`${path}: ${reached.why}`);
  if (!reached.listens.seen) return unseen(`${path}: ${reached.listens.why}`);
  return reached.listens.value ? unseen(`a server listens at ${path}, and its socket is not there`) : seen([]);
}

/** The sockets at which the tmux servers of a user listen, wherever they are. */
function socketsOf(user: number): readonly string[] {
  const listening = listeningPaths();
  const sockets = new Set<string>();
  for (const pid of listPids()) {
    try {
      if (statSync(`/proc/${pid}`).uid !== user || !/^tmux\b/.test(readStat(pid).comm)) continue;
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        const path = inode === undefined ? undefined : listening.get(inode);
        if (path !== undefined) sockets.add(path);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return [...sockets];
}

/** The sockets at which a user's server of this name can be, as for `tmux -L`; TMUX_TMPDIR puts them anywhere. */
function socketsNamed(name: string, user: number): Observed<readonly string[]> {
  const named = (): readonly string[] => socketsOf(user).filter((path) => basename(path) === name);
  return look("the tmux servers", () => [...new Set([`/tmp/tmux-${user}/${name}`, ...named()])]);
}

/** The sockets to ask: the one that a path or the value of TMUX names, or each of this name, or else of this user. */
function socketsToAsk(socket: string | undefined, user: number): Observed<readonly string[]> {
  if (socket === undefined) return look("the tmux servers", () => [...new Set([`/tmp/tmux-${user}/default`, ...socketsOf(user)])]);
  const path = socket.replace(/,\d+,\d+$/, "");
  if (path.startsWith("/")) return seen([path]);
  return path.includes("/") || path === "" ? unseen(`${socket} is no path of a socket`) : socketsNamed(path, user);
}

/** The panes of a user's tmux servers, and whether each of these could be asked. */
export async function lookAtTmux(socket: string | undefined, user: number): Promise<TmuxObservation> {
  const sockets = socketsToAsk(socket, user);
  if (!sockets.seen) return { panes: [], complete: sockets };
  const answers = await Promise.all(sockets.value.map((path) => lookAtSocket(path, user)));
  const panes = answers.flatMap((answer) => (answer.seen ? answer.value : []));
  return { panes, complete: answers.find((answer) => !answer.seen) ?? seen(true) };
}
