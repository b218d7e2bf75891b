import { fstatSync } from "node:fs";

/** Is this file descriptor the journal's? systemd names the socket it opened; a shell's redirection is another file. */
export function isJournal(fd: number, env: Readonly<Record<string, string | undefined>>): boolean {
  const named = env["JOURNAL_STREAM"];
  if (named === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return named === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** systemd's name for this run, if we are the service's own process: a shell below a service inherits the variable. */
export function invocationId(env: Readonly<Record<string, string | undefined>>): string | null {
  const mainPid = env["SYSTEMD_EXEC_PID"];
  const isMain = mainPid === undefined || mainPid === String(process.pid);
  return isMain ? (env["INVOCATION_ID"] ?? null) : null;
}
