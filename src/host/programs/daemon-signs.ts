import { existsSync, readFileSync, statSync } from "node:fs";
import { seen, unseen, type Observed } from "../../core/evidence.ts";
import { errorCode, look, formatError } from "../observed.ts";
import { pidExists } from "../processes/pids.ts";
import { readStat } from "../processes/proc-stat.ts";

const unitMs = 3_000;

/** Is a systemd unit up, in the user's manager or the system's? A unit that no manager knows is down. */
export async function isUnitUp(unit: string): Promise<Observed<boolean>> {
  const runtimeDir = process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.()}`;
  const [user, system] = await Promise.all([
    // A manager that is not running has no unit that could be up.
    existsSync(`${runtimeDir}/systemd/private`) ? askManager("--user", unit, { XDG_RUNTIME_DIR: runtimeDir }) : seen(false),
    existsSync("/run/systemd/system") ? askManager("--system", unit, {}) : seen(false),
  ]);
  if ((user.seen && user.value) || (system.seen && system.value)) return seen(true);
  return user.seen ? system : user;
}

async function askManager(scope: "--user" | "--system", unit: string, env: Readonly<Record<string, string>>): Promise<Observed<boolean>> {
  const { execa } = await import("execa");
  const { stdout, failed, shortMessage } = await execa("systemctl", [scope, "show", "--property=ActiveState", "--value", "--", unit], {
    reject: false,
    timeout: unitMs,
    stdin: "ignore",
    env,
  });
  return failed ? unseen(`${unit} could not be asked for: ${shortMessage}`) : seen(!["inactive", "failed", ""].includes(stdout));
}

function holdsFlock(path: string): boolean {
  const { ino } = statSync(path, { bigint: true });
  return readFileSync("/proc/locks", "utf8")
    .split("\n")
    .some((line) => line.includes(`:${ino} `));
}

type Named = { readonly pid: number; readonly startTicks: string | undefined };

/** The process that a lock file names: a bare pid, or `{pid, procStart}` as Claude's daemon writes it. */
function namedProcess(text: string): Named | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const record: Readonly<Record<string, unknown>> = typeof value === "object" && value !== null ? { ...value } : { pid: value };
    const { pid, procStart } = record as { pid: unknown; procStart: unknown };
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 1) return undefined;
    return { pid, startTicks: typeof procStart === "string" && /^\d+$/.test(procStart) ? procStart : undefined };
  } catch {
    return undefined;
  }
}

/** A pid that was handed out again is not the one that took the lock. */
function isHolder({ pid, startTicks }: Named): boolean {
  if (!pidExists(pid)) return false;
  if (startTicks === undefined || process.platform !== "linux") return true;
  const stat = look("its start", () => readStat(pid));
  return !stat.seen || stat.value.startTicks === startTicks;
}

/** Is a lock file held: by a lock of the kernel's, or by a living process that it names? */
export function isLockHeld(path: string): Observed<boolean> {
  try {
    const named = namedProcess(readFileSync(path, "utf8").trim());
    if (named !== undefined && isHolder(named)) return seen(true);
    return look("/proc/locks", () => holdsFlock(path));
  } catch (error) {
    return errorCode(error) === "ENOENT" ? seen(false) : unseen(formatError(error));
  }
}
