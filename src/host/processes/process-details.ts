import { readFileSync, readlinkSync } from "node:fs";
import type { ProcessRow } from "../../core/agents/process-tree.ts";
import { startedAtMs } from "./proc-stat.ts";

/** What a person wants to know of a process before anything is done to it; undefined where it may not be looked at. */
export type ProcessDetails = {
  readonly cwd: string | undefined;
  /** As a path below /dev without it: `pts/3`. */
  readonly terminal: string | undefined;
  /** Resident memory. */
  readonly memoryBytes: number | undefined;
  readonly ageMs: number | undefined;
};

function tryRead<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** `tty_nr` packs the device number (proc_pid_stat(5)); 136 to 143 are the pseudo terminals, 4 the consoles (devices.txt). */
export function terminalName(device: number): string | undefined {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  if (device === 0) return undefined;
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return `${major}:${minor}`;
}

function residentBytes(pid: number): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

export function detailsOf({ pid, terminal, startTicks }: ProcessRow, bootMs: number | undefined): ProcessDetails {
  return {
    cwd: tryRead(() => readlinkSync(`/proc/${pid}/cwd`)),
    terminal: terminalName(terminal),
    memoryBytes: tryRead(() => residentBytes(pid)),
    ageMs: bootMs === undefined ? undefined : Math.max(0, bootMs - startedAtMs(startTicks)),
  };
}
