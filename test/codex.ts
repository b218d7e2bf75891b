import { existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { afterEach } from "vitest";
import { installedCommand } from "./packages.ts";
import { launch, until } from "./processes.ts";

/** The release whose protocol and files the tests were last seen to pass with. */
export const codexVersion = "0.171.0";

/** Installs Codex once a machine: about 400 MB. Throws where it cannot be had. */
export const installCodex = (): string => installedCommand("@openai/codex", codexVersion, "codex");

export type CodexServer = {
  readonly pid: number;
  readonly url: string;
  /** To the npm shim and its native child alike. */
  readonly signal: (name: "SIGSTOP" | "SIGCONT") => void;
  readonly kill: () => Promise<void>;
  /** Starts a thread, which stays loaded while this connection is open, and returns its id. */
  readonly startThread: () => Promise<string>;
};

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

type Reply = {
  readonly id?: number;
  readonly result?: { readonly thread?: { readonly id?: string } };
  readonly error?: { readonly message?: string };
};

/** Speaks the real protocol on one connection: text frames, answers by id among notifications. */
async function connect(
  address: string,
): Promise<{ readonly call: (method: string, params: object) => Promise<Reply>; readonly close: () => void }> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  const waiting = new Map<number, (reply: Reply) => void>();
  socket.on("message", (data) => {
    const reply = JSON.parse((data as Buffer).toString("utf8")) as Reply;
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
  });
  await new Promise<void>((open, fail) => {
    socket.once("open", open);
    socket.once("error", fail);
  });
  socket.on("error", () => undefined);
  let last = 0;
  const call = (method: string, params: object): Promise<Reply> =>
    new Promise((answer) => {
      last += 1;
      waiting.set(last, answer);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return { call, close: () => socket.terminate() };
}

/**
 * Does a process listen at this socket? The path is a symbolic link to one in a directory of the server's, and it is
 * there a moment before anybody listens (`__SO_ACCEPTCON` is 0x10000).
 */
function isListening(link: string): boolean {
  if (!existsSync(link)) return false;
  const path = realpathSync(link);
  const rows = readFileSync("/proc/net/unix", "utf8").split("\n");
  return rows.some((row) => row.endsWith(` ${path}`) && row.split(/\s+/)[3] === "00010000");
}

/** Starts `codex app-server` in a clean environment with a home of its own, and waits until it answers. */
export async function startCodexServer(program: string, home: string, url: string, more: readonly string[] = []): Promise<CodexServer> {
  // On a unix socket it starts only where its own directory is there already.
  mkdirSync(join(home, ".codex"), { recursive: true });
  const child = launch(program, ["app-server", "--listen", url, ...more], {
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: home },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const group = child.pid as number;
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  const closes: (() => void)[] = [];
  const kill = async (): Promise<void> => {
    for (const close of closes.splice(0)) close();
    if (isAlive(group)) process.kill(-group, "SIGKILL");
    await until("the app server is gone", () => !isAlive(group));
  };
  ends.push(kill);
  const socket = url.startsWith("unix://") ? url.slice("unix://".length) : undefined;
  await until("the app server listens", () => {
    if (child.exitCode !== null) throw new Error(`codex app-server ended: ${said}`);
    return socket === undefined ? said.includes("listening on:") : isListening(socket);
  });
  const startThread = async (): Promise<string> => {
    const { call, close } = await connect(socket === undefined ? url : `ws+unix:${socket}:/`);
    closes.push(close);
    await call("initialize", { clientInfo: { name: "sessreap-test", title: "sessreap-test", version: "0" } });
    const { result, error } = await call("thread/start", { cwd: home });
    const id = result?.thread?.id;
    if (id === undefined) throw new Error(`thread/start answered ${JSON.stringify(error ?? result)}`);
    return id;
  };
  return { pid: group, url, kill, startThread, signal: (name) => process.kill(-group, name) };
}
