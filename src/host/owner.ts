import { existsSync, readFileSync, statSync } from "node:fs";
import { execa } from "execa";
import { seen, unseen, type Observed } from "../core/evidence.ts";
import { errorCode, look, sayError } from "./observed.ts";
import { isThere } from "./pids.ts";

const unitMs = 3_000;

/** Is a systemd unit up, in the user's manager or the system's? A unit that nobody knows is down. */
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

function namedPid(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const pid = typeof value === "object" && value !== null && "pid" in value ? value.pid : value;
    return typeof pid === "number" && Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Is a lock file held: by a lock of the kernel's, or by a living process that it names? */
export function isLockHeld(path: string): Observed<boolean> {
  try {
    const text = readFileSync(path, "utf8").trim();
    const pid = namedPid(text);
    if (pid !== undefined && isThere(pid)) return seen(true);
    return look("/proc/locks", () => holdsFlock(path));
  } catch (error) {
    return errorCode(error) === "ENOENT" ? seen(false) : unseen(sayError(error));
  }
}
