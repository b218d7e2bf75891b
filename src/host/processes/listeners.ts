import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { argvNamesServer } from "../../core/app-servers.ts";
import type { ProcessTable } from "../../core/evidence.ts";

/** `USER_HZ`: how many ticks of field 22 make a second on every platform that Node runs on (proc_pid_stat(5)). */
const ticksPerSecond = 100;

/** Milliseconds since boot at which a process started. */
export function startedAtMs(startTicks: string): number {
  return (Number(startTicks) * 1000) / ticksPerSecond;
}

function tcpInodes(port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => {
    const rows = readFileSync(table, "utf8").split("\n").slice(1);
    const fields = rows.map((row) => row.trim().split(/\s+/));
    return fields.filter((row) => row[1]?.endsWith(wanted) === true && row[3] === "0A").map((row) => row[9] ?? "");
  });
}

function unixInodes(path: string): readonly string[] {
  const real = realpathSync(path);
  const rows = readFileSync("/proc/net/unix", "utf8").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  // The flag __SO_ACCEPTCON (0x10000) marks a socket that listens.
  return fields.filter((row) => row[7] === real && (Number.parseInt(row[3] ?? "0", 16) & 0x10000) !== 0).map((row) => row[6] ?? "");
}

function holdsAny(pid: number, sockets: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).some((fd) => {
    try {
      return sockets.has(readlinkSync(`${directory}/${fd}`));
    } catch {
      return false;
    }
  });
}

export type Listening = { readonly kind: "tcp"; readonly port: number } | { readonly kind: "unix"; readonly path: string };

/**
 * The process that listens at an address, out of the given candidates; undefined where none can be named (another
 * user's descriptors may not be looked at).
 */
export function listenerAmong(at: Listening, candidates: readonly number[]): number | undefined {
  try {
    const inodes = at.kind === "tcp" ? tcpInodes(at.port) : unixInodes(at.path);
    const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
    return candidates.find((pid) => {
      try {
        return holdsAny(pid, sockets);
      } catch {
        return false;
      }
    });
  } catch {
    return undefined;
  }
}

function listeningAt(connectTo: string): Listening {
  if (connectTo.startsWith("ws+unix:")) return { kind: "unix", path: connectTo.slice("ws+unix:".length, -":/".length) };
  const { port } = new URL(connectTo);
  return { kind: "tcp", port: Number(port === "" ? 80 : port) };
}

/** When the process that listens there started, in ms since boot. Those that say they serve it are looked at first. */
export function upSince(url: string, connectTo: string, { appServers, agents }: ProcessTable): number | undefined {
  const started = new Map([...agents, ...appServers].map(({ pid, startTicks }) => [pid, startTicks]));
  const named = appServers.filter(({ argv }) => argvNamesServer(argv, url)).map(({ pid }) => pid);
  const listener = listenerAmong(listeningAt(connectTo), [...new Set([...named, ...started.keys()])]);
  const startTicks = listener === undefined ? undefined : started.get(listener);
  return startTicks === undefined ? undefined : startedAtMs(startTicks);
}
