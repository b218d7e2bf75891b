import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** What a command in the box did. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = { readonly as?: "alice" | "bob"; readonly timeoutMs?: number; readonly env?: Readonly<Record<string, string>> };

/** A systemd of its own: pid 1, journal, bus, logind and user managers, behind namespaces of its own. */
export type Box = {
  readonly run: (words: readonly string[], options?: RunOptions) => Ran;
  /** Where a path of the box is found from outside, for `node:fs`. */
  readonly path: (inside: string) => string;
  readonly stop: () => Promise<void>;
};

const scriptPath = resolve("test/systemd/box.sh");
const uids = { alice: 4241, bob: 4242 } as const;
const systemds = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/** See box.sh: powers that reach beyond any namespace. `nsenter` would carry ours into the box. */
const beyond = "-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin,-mac_override,-wake_alarm,-block_suspend,-audit_control,-sys_pacct";

/** Why no box can be booted here; undefined when one can. */
export function boxRefusal(): string | undefined {
  if (process.platform !== "linux") return `it needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "it needs root";
  if (!systemds.some((path) => existsSync(path))) return "there is no systemd on this machine";
  if (!existsSync("/usr/bin/dbus-daemon")) return "there is no dbus-daemon on this machine";
  const probe = ["--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup", "--kill-child"];
  const inside =
    'mount -t tmpfs tmpfs "$1" && mkdir "$1/u" "$1/w" "$1/r" "$1/c" && mount -t cgroup2 cgroup2 "$1/c" && mount -t overlay -o "lowerdir=/,upperdir=$1/u,workdir=$1/w" overlay "$1/r"';
  const scratch = mkdtempSync(join(tmpdir(), "sessreap-probe-"));
  const { status, stderr, error } = spawnSync("unshare", [...probe, "sh", "-c", inside, "sh", scratch], {
    encoding: "utf8",
    timeout: 20_000,
  });
  rmSync(scratch, { recursive: true, force: true });
  return status === 0 ? undefined : `namespaces are refused: ${(stderr || error?.message || "no reason given").trim()}`;
}

/** The program as it is installed: nothing but what is published. */
function copyProgram(to: string): void {
  for (const part of ["bin", "dist", "package.json"]) cpSync(part, join(to, part), { recursive: true });
}

function firstPid(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    let said = "";
    child.stdout?.on("data", (text: Buffer) => {
      said += text.toString();
      const pid = /^pid (\d+)$/m.exec(said)?.[1];
      if (pid !== undefined) done(Number(pid));
    });
    let complaints = "";
    child.stderr?.on("data", (text: Buffer) => (complaints += text.toString()));
    child.once("exit", (code) => fail(new Error(`the box did not start (${code}): ${said}${complaints}`)));
  });
}

const pause = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

/** Waits until something is so, looking every 50 ms; it throws with the last look when the time is over. */
export async function until<T>(what: string, look: () => T | undefined | false, timeoutMs = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await pause(50);
  }
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
}

export type BoxOptions = { readonly userns?: boolean };

export async function bootBox(name: string, { userns = false }: BoxOptions = {}): Promise<Box> {
  const scratch = mkdtempSync(join(tmpdir(), "sessreap-box-"));
  const program = mkdtempSync(join(tmpdir(), "sessreap-program-"));
  copyProgram(program);
  const stage = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    scriptPath,
    "outer",
    scratch,
    `${name}-${process.pid}`,
    userns ? "yes" : "no",
  ];
  const child = spawn("unshare", [...stage, process.execPath, program], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] },
    // A signal for the whole group of the tests would end what ends the box; the end of its stdin is what it waits for.
    detached: true,
  });
  const pid = await firstPid(child);
  rmSync(program, { recursive: true });
  const path = (inside: string): string => `/proc/${pid}/root${inside}`;
  const inUserns = (): boolean => readlinkSync(`/proc/${pid}/ns/user`) !== readlinkSync("/proc/self/ns/user");

  const run: Box["run"] = (words, { as, timeoutMs = 60_000, env = {} } = {}) => {
    const enter = [
      "-t",
      String(pid),
      "-m",
      "-p",
      "-u",
      "-i",
      "-n",
      "-C",
      "-r",
      "-w",
      ...(inUserns() ? ["-U", "--preserve-credentials"] : []),
    ];
    const home = as === undefined ? "/root" : `/home/${as}`;
    const uid = as === undefined ? 0 : uids[as];
    const session = as === undefined ? {} : { XDG_RUNTIME_DIR: `/run/user/${uid}` };
    const variables = {
      PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      HOME: home,
      USER: as ?? "root",
      LC_ALL: "C.UTF-8",
      ...session,
      ...env,
    };
    const identity = as === undefined ? [] : ["--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
    const drop = inUserns() ? [] : [`--bounding-set=${beyond}`];
    const command = ["nsenter", ...enter, "setpriv", ...drop, ...identity, "--inh-caps=-all", "env", "-i", "-C", home];
    const given = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
    const [file, ...rest] = [...command, ...given, ...words];
    const { status, stdout, stderr } = spawnSync(file as string, rest, { encoding: "utf8", timeout: timeoutMs, input: "" });
    return { code: status ?? -1, stdout, stderr };
  };

  const stop = async (): Promise<void> => {
    const ended = new Promise((done) => child.once("exit", done));
    child.stdin.end();
    if (child.exitCode === null) await ended;
    rmSync(scratch, { recursive: true, force: true });
  };

  try {
    // Before pid 1 has become systemd, its /run is still the machine's.
    await until(
      "pid 1 is systemd",
      () => readFileSync(`/proc/${pid}/comm`, "utf8") === "systemd\n" && existsSync(path("/run/systemd/private")),
    );
    const state = run(["systemctl", "is-system-running", "--wait"]).stdout.trim();
    if (state !== "running") throw new Error(`the box is ${state}: ${run(["systemctl", "--failed", "--no-legend"]).stdout}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { run, path, stop };
}

/** Lets a user's manager run though nobody is logged in. */
export async function enableLinger(box: Box, name: keyof typeof uids): Promise<void> {
  const { code, stderr } = box.run(["loginctl", "enable-linger", name]);
  if (code !== 0) throw new Error(`enable-linger: ${stderr}`);
  await until(`the manager of ${name}`, () => existsSync(box.path(`/run/user/${uids[name]}/systemd/private`)));
  const state = box.run(["systemctl", "--user", "is-system-running", "--wait"], { as: name }).stdout.trim();
  if (state !== "running") throw new Error(`the manager of ${name} is ${state}`);
}
