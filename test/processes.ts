import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach } from "vitest";
import { variable } from "./keeper.ts";

/** A real process of a test. */
export type Running = { readonly pid: number; readonly startTicks: string; readonly child: ChildProcess };

const run = process.env[variable] ?? "";

/** What the tests of this worker start is told from the worker itself, and from what other workers start. */
const mark = `${run}.${randomUUID()}`;

/** The mark, for an environment that a test puts together itself. */
export const marked: Readonly<Record<string, string>> = { [variable]: mark };

Object.assign(process.env, marked);

// Who may read what a test writes is part of its scene: the tool refuses what others can write to.
process.umask(0o022);

function carries(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`${variable}=${mark}`);
  } catch {
    // It has ended, or it is another user's.
    return false;
  }
}

/** Ends those that carry the mark, and those that they start meanwhile. A zombie carries none. */
async function endCarriers(): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && carries(name));
    if (pids.length === 0) return;
    for (const pid of pids) endByPid(Number(pid));
    await new Promise((resolve) => void setTimeout(resolve, 1));
  }
}

/** Ends a process that may have ended by itself. */
export function endByPid(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

const children: ChildProcess[] = [];

afterEach(async () => {
  const launched = children.splice(0);
  if (launched.length > 0) await endCarriers();
  await Promise.all(launched.map(end));
});

afterAll(endCarriers);

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Starts a child that may run for long. It ends with its test at the latest, and all that it starts ends with it. */
export function launch(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(file, args, { ...options, env: { ...(options.env ?? process.env), ...marked } });
  children.push(child);
  return child;
}

/** Starts a child that outlives a test: it reads from its standard input, which the kernel closes with this worker, and ends then. */
export function launchForFile(file: string, args: readonly string[], options: Omit<SpawnOptions, "stdio">): ChildProcess {
  return spawn(file, args, { ...options, env: { ...options.env, [variable]: run }, stdio: ["pipe", "ignore", "ignore"] });
}

/** Ends a process and waits until its pid is free. */
export function stop({ child }: Pick<Running, "child">): Promise<void> {
  return end(child);
}

/** Field 22 of a process's stat: what a careful writer records beside the pid. */
export function startTicksOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] as string;
}

export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

export async function until(what: string, test: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt += 1) {
    if (test()) return;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

export type StartOptions = {
  readonly argv0?: string;
  readonly cwd?: string;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts a program and waits until it runs under its own argv. */
export async function start(file: string, args: readonly string[], options: StartOptions = {}): Promise<Running> {
  const { argv0 = file, cwd, uid, env } = options;
  const child = launch(file, args, {
    argv0,
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid, gid: uid }),
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(child, "spawn");
  const pid = child.pid as number;
  await until(`${argv0} shows its argv`, () => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${argv0}\0`));
  return { pid, startTicks: startTicksOf(pid), child };
}

/** A process that does nothing, whatever it is called: a shell that waits for input which never comes. */
export function idle(options: StartOptions = {}): Promise<Running> {
  return start("/bin/sh", ["-c", "read never"], options);
}

/**
 * A process whose whole argv is the given one, such as `codex resume ID`: a shell under another name that runs a
 * script which is called like the first argument.
 */
export function pretend(dir: string, argv: readonly [string, string, ...string[]]): Promise<Running> {
  const [argv0, first, ...rest] = argv;
  mkdirSync(dirname(join(dir, first)), { recursive: true });
  const [path, script] = [join(dir, first), "read never\n"];
  // A shell of an earlier call may be about to read it.
  if (!existsSync(path) || readFileSync(path, "utf8") !== script) writeFileSync(path, script);
  return start("/bin/sh", [first, ...rest], { argv0, cwd: dir });
}

/** A pid that has just become free. */
export async function gonePid(): Promise<Running> {
  const process = await idle();
  await stop(process);
  return process;
}

/** A child that has ended and whose parent never asks for it. */
export async function zombie(): Promise<Running> {
  // A shell would reap its background child sooner or later; perl does only when it is told to.
  const parent = await start("/usr/bin/perl", ["-e", '$| = 1; my $child = fork; exit 0 unless $child; print "$child\\n"; sleep 600']);
  const [line] = (await once(parent.child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  const pid = Number(line.toString("utf8").trim());
  await until("the child is a zombie", () => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
  return { pid, startTicks: startTicksOf(pid), child: parent.child };
}

/** The number of the system call that ends one thread and no other. */
const exitThread: Partial<Record<NodeJS.Architecture, number>> = { x64: 60, arm64: 93 };

/** A process whose first thread has ended while another works: what `/proc` shows under its pid is a zombie. */
export async function leaderless(argv0: string, ...args: readonly string[]): Promise<Running> {
  const script = `threads->create(sub { sleep 600 })->detach; <STDIN>; syscall(${exitThread[process.arch] ?? 60}, 0)`;
  const running = await start("/usr/bin/perl", ["-Mthreads", "-e", script, ...args], { argv0 });
  running.child.stdin?.end();
  await until("its first thread has ended", () => /\) Z /.test(readFileSync(`/proc/${running.pid}/stat`, "utf8")));
  return running;
}

/**
 * Whether the clocks of this machine are shifted for us by a time namespace, as `tools/fresh-boot.sh` does. Start ticks of
 * a process whose namespace may not be read are then no tokens that could be compared.
 */
export const hasShiftedClocks = /\s-?[1-9]/.test(
  existsSync("/proc/self/timens_offsets") ? readFileSync("/proc/self/timens_offsets", "utf8") : "",
);
