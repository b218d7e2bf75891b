import { existsSync, readFileSync, statSync } from "node:fs";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { startTokenOf, type StartToken } from "../../core/identity/tokens.ts";
import { assertPathAnswers } from "../files/held-directory.ts";
import { readRegularText } from "../files/files.ts";
import { errorCode, look, formatError } from "../observed.ts";
import { pidExists } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";
import { searchPath } from "../search-path.ts";
import { isZombie } from "../processes/threads.ts";
import { isOwnTime } from "../processes/time-namespace.ts";

const unitMs = 3_000;

/** A lock file names a process; a larger one, in bytes, is none. */
const largestLock = 64 * 1024;

/** Whether a systemd unit is up; `unknown` where no manager knows it, whose name may be misspelt. */
export type UnitState = "up" | "down" | "unknown";

type Manager = { readonly scope: "--user" | "--system"; readonly env: Readonly<Record<string, string>> };

/** The user's manager and the system's, as far as they run. */
function managers(): readonly Manager[] {
  const runtimeDir = process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}`;
  return [
    ...(existsSync(`${runtimeDir}/systemd/private`) ? [{ scope: "--user", env: { XDG_RUNTIME_DIR: runtimeDir } } as const] : []),
    ...(existsSync("/run/systemd/system") ? [{ scope: "--system", env: {} } as const] : []),
  ];
}

async function showUnit({ scope, env }: Manager, unit: string, properties: string): Promise<Observed<string>> {
  const { execa } = await import("execa");
  const { stdout, failed, shortMessage } = await execa("systemctl", [scope, "show", `--property=${properties}`, "--", unit], {
    reject: false,
    timeout: unitMs,
    stdin: "ignore",
    cwd: "/",
    // What ends it when this process ends would listen for signals, which a program that only lent us its process may not see.
    cleanup: false,
    env: { ...env, PATH: searchPath() },
  });
  return failed ? unseen(`${unit} could not be asked for: ${shortMessage}`) : seen(stdout);
}

/** The first process of a unit in each manager that has it up. */
export async function mainPids(unit: string): Promise<readonly number[]> {
  const shown = await Promise.all(managers().map((manager) => showUnit(manager, unit, "ActiveState,MainPID")));
  return shown.flatMap((one) => {
    const text = one.seen ? one.value : "MainPID=0";
    return one.seen && /^ActiveState=(?:inactive|failed|)$/m.test(text) ? [] : [Number(/^MainPID=(\d+)$/m.exec(text)?.[1] ?? 0)];
  });
}

/** Asks for a unit in the user's manager and in the system's. One that is not running knows no unit. */
export async function unitState(unit: string): Promise<Observed<UnitState>> {
  const answers = await Promise.all(managers().map((manager) => askManager(manager, unit)));
  const says = (state: UnitState): boolean => answers.some((answer) => answer.seen && answer.value === state);
  if (says("up")) return seen("up");
  return answers.find((answer) => !answer.seen) ?? seen(says("down") ? "down" : "unknown");
}

async function askManager({ scope, env }: Manager, unit: string): Promise<Observed<UnitState>> {
  const shown = await showUnit({ scope, env }, unit, "LoadState,ActiveState");
  if (!shown.seen) return shown;
  const active = /^ActiveState=(.*)$/m.exec(shown.value)?.[1] ?? "";
  const loaded = /^LoadState=(.*)$/m.exec(shown.value)?.[1] ?? "";
  // A unit whose file is gone can run on, and a service manager that says nothing knows nothing.
  if (!["inactive", "failed", ""].includes(active)) return seen("up");
  return seen(["not-found", ""].includes(loaded) ? "unknown" : "down");
}

/** The pids that the kernel names for the locks on a file. */
function lockers(path: string): readonly number[] {
  const { ino } = statSync(path, { bigint: true });
  const lines = readFileSync("/proc/locks", "utf8").split("\n");
  return lines.filter((line) => line.includes(`:${ino} `)).map((line) => Number(/ (-?\d+) [\da-f]+:[\da-f]+:\d+ /.exec(line)?.[1] ?? 0));
}

type Named = { readonly pid: number; readonly start: StartToken | undefined };

/** The process that a lock file names: a bare pid, or `{pid, procStart}` as Claude's daemon writes it. */
function namedProcess(text: string): Named | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const record: Readonly<Record<string, unknown>> = typeof value === "object" && value !== null ? { ...value } : { pid: value };
    const { pid, procStart } = record as { pid: unknown; procStart: unknown };
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1) return undefined;
    return { pid, start: startTokenOf(procStart) };
  } catch {
    return undefined;
  }
}

/** A zombie holds nothing, and a pid that was handed out again is not that of the process which took the lock. */
function isHolder({ pid, start }: Named): boolean {
  if (!pidExists(pid)) return false;
  if (process.platform !== "linux") return true;
  const stat = look("its start", () => readStat(pid));
  if (!stat.seen) return true;
  const zombie = look("its threads", () => isZombie(pid, stat.value));
  if ((zombie.seen && zombie.value) || stat.value.kernelThread) return false;
  return start === undefined || start.ticks === stat.value.startTicks || !isOwnTime(pid);
}

/** Is a lock file held: by a lock of the kernel's, or by a living process that it names? */
export function isLockHeld(path: string): Observed<boolean> {
  try {
    assertPathAnswers(path);
    const stat = statSync(path);
    // A FIFO would be waited for until a writer comes, and what is no lock file can be of any size.
    if (!stat.isFile()) return unseen(`${path} is no regular file`);
    if (stat.size > largestLock) return unseen(`${path} has ${stat.size} bytes, which no lock file has`);
    const named = namedProcess(readRegularText(path).trim());
    if (named !== undefined && isHolder(named)) return seen(true);
    return look("/proc/locks", () => lockers(path).length > 0);
  } catch (error) {
    return errorCode(error) === "ENOENT" ? seen(false) : unseen(formatError(error));
  }
}

/** Every process that holds a lock file: those that lock it, and the living one that it names. */
export function lockHolders(path: string): Observed<readonly number[]> {
  return look(path, () => {
    const named = namedProcess(readRegularText(path).trim());
    return [...lockers(path), ...(named !== undefined && isHolder(named) ? [named.pid] : [])];
  });
}
