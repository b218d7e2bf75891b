import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endByPid, launch, until } from "../processes.ts";
import type { Scratch } from "./harness.ts";

/** A session that no other test of this machine runs. */
export const newSession = (): string => randomUUID();

/** Every process in whose environment this scratch is named: what a test has started, however it was started. */
export function processesOf(scratch: Scratch): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${scratch.home}\0`) &&
          !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
        );
      } catch {
        return false;
      }
    });
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process that was killed shows no environment any more, while threads of it still run for a moment. */
export function hasEnded(pid: number): boolean {
  return threadsOf(pid).every((thread) => {
    try {
      return /^.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"));
    } catch {
      return true;
    }
  });
}

/** Ends them all and waits until they are gone, or they would write into what is taken away. */
export function endAll(scratch: Scratch): void {
  const ended = new Set<number>();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const left = processesOf(scratch);
    if (left.length === 0 && [...ended].every(hasEnded)) return;
    for (const pid of left) {
      ended.add(pid);
      endByPid(pid);
    }
    Atomics.wait(pause, 0, 0, 5);
  }
}

/** A process's arguments; none for one that has ended. */
export function argvOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "").split("\0");
  } catch {
    return [];
  }
}

/**
 * An agent that stands in for Every Code: a script of its package, called `code`, that starts a background review when it is told to
 * (`CHILD=1`), quotes what it was given in the child's prompt, and waits for its end, deaf to SIGTERM with `DEAF=1`.
 */
export function installCode({ dir }: Scratch): string {
  const [bin, scripts] = [join(dir, "bin"), join(dir, "node_modules", "@just-every", "code", "bin")];
  for (const directory of [bin, scripts]) mkdirSync(directory, { recursive: true });
  const [path, script] = [join(bin, "code"), join(scripts, "code.js")];
  symlinkSync(script, path);
  writeFileSync(
    script,
    `#!${process.execPath}
const { spawn } = require("node:child_process");
if (process.env.CHILD === "1") {
  const env = { ...process.env, CHILD: "" };
  spawn(__filename, ["exec", "-s", "workspace-write", "/review what was said: " + process.argv.slice(2).join(" ")], { env, stdio: "ignore" });
}
if (process.env.DEAF === "1") process.on("SIGTERM", () => {});
if (process.env.EXIT_AFTER) setTimeout(() => process.exit(Number(process.env.EXIT_CODE ?? 0)), Number(process.env.EXIT_AFTER));
setInterval(() => {}, 1000);
`,
  );
  chmodSync(script, 0o755);
  return path;
}

export const isThere = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** Starts a program in a kernel session of its own, as a terminal would, and waits until it runs under its own argv. */
export async function startAlone(
  scratch: Scratch,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const child = launch(file, args, { cwd: scratch.dir, env: { ...scratch.env, ...env }, detached: true, stdio: "ignore" });
  const pid = child.pid as number;
  await until(`${file} runs`, () => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${args.join("\0")}\0`));
  // Two that start in one clock tick cannot be told apart by age.
  await new Promise((resolve) => void setTimeout(resolve, 30));
  if (env["CHILD"] === "1")
    await until("its child runs", () => childrenOf(pid).some((one) => readFileSync(`/proc/${one}/cmdline`, "utf8").includes("/review")));
  return pid;
}

export type Tmux = {
  readonly run: (...words: readonly string[]) => string;
  readonly type: (...keys: readonly string[]) => void;
  readonly screen: () => string;
  readonly shows: (text: string | RegExp) => Promise<void>;
};

/** A terminal: a tmux server of the test's own with one shell in it. */
export async function openTmux(scratch: Scratch, command: readonly string[] = ["bash", "--norc"]): Promise<Tmux> {
  const socket = join(scratch.dir, "tmux.sock");
  const env = { ...scratch.env, TERM: "xterm-256color", SHELL: "/bin/bash", PS1: "$ ", LC_ALL: "C.UTF-8" };
  const run = (...words: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync("tmux", ["-S", socket, "-f", "/dev/null", ...words], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`tmux ${words.join(" ")}: ${stderr}`);
    return stdout;
  };
  const client = launch("tmux", ["-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", ...command], { env });
  await once(client, "exit");
  const screen = (): string => run("capture-pane", "-p");
  const tmux: Tmux = {
    run,
    type: (...keys) => void run("send-keys", ...keys),
    screen,
    shows: async (text) => {
      try {
        await until(`the screen shows ${text}`, () => (typeof text === "string" ? screen().includes(text) : text.test(screen())));
      } catch (error) {
        throw new Error(`${(error as Error).message}; it shows:\n${screen()}`, { cause: error });
      }
    },
  };
  if (!command.includes("-c")) await tmux.shows("$");
  return tmux;
}
