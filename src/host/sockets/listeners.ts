import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { argvNamesServer, canonicalHost, hostReaches, type ServerPlace } from "../../core/app-servers.ts";
import type { ProcessTable } from "../../core/evidence.ts";
import { isMissing, look } from "../observed.ts";
import { startedAtMs } from "../processes/proc-stat.ts";
import { placeToConnect } from "./places.ts";

/** A socket that listens: its inode, and the user to whom it belongs where the table says so. */
export type Listener = { readonly inode: string; readonly uid: number | undefined; readonly host: string };

function rowsOf(table: string): readonly (readonly string[])[] {
  try {
    const rows = readFileSync(`/proc/net/${table}`, "utf8").split("\n").slice(1);
    return rows.map((row) => row.trim().split(/\s+/));
  } catch (error) {
    // A protocol that the kernel does not speak has no table.
    if (table === "tcp6" && isMissing(error)) return [];
    throw error;
  }
}

/** An address as the kernel prints it: words of 32 bits, each in the byte order of this machine (proc_pid_net(5)). */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...new Uint8Array(new Uint32Array([Number.parseInt(word, 16)]).buffer)]);
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16));
  return canonicalHost(groups.join(":"));
}

function tcpListeners(port: number, hosts: readonly string[]): readonly Listener[] {
  const all = ["tcp", "tcp6"]
    .flatMap((table) => rowsOf(table))
    .flatMap((row): readonly Listener[] => {
      const [address = "", digits = ""] = row[1]?.split(":") ?? [];
      if (row[3] !== "0A" || Number.parseInt(digits, 16) !== port) return [];
      return [{ inode: row[9] ?? "", uid: Number(row[7]), host: hostOf(address) }];
    });
  const reached = all.filter(({ host }) => hostReaches(host, hosts));
  // Of several, the one at the very address is the one that answers there.
  const exact = reached.filter(({ host }) => hosts.includes(host));
  return exact.length > 0 ? exact : reached;
}

/** The paths at which sockets of this network namespace listen, as they were bound, by inode. */
export function listeningPaths(): ReadonlyMap<string, string> {
  // The flag __SO_ACCEPTCON (0x10000) marks a socket that listens.
  const listening = rowsOf("unix").filter((row) => row.length > 7 && (Number.parseInt(row[3] ?? "0", 16) & 0x10000) !== 0);
  return new Map(listening.map((row) => [row[6] ?? "", row.slice(7).join(" ")]));
}

/** A socket whose file was removed, or lies in another mount namespace, listens on. */
function unixListeners(path: string): readonly Listener[] {
  const real = look(path, () => realpathSync(path));
  const names = new Set([path, ...(real.seen ? [real.value] : [])]);
  const listening = [...listeningPaths()].filter(([, name]) => names.has(name));
  return listening.map(([inode]) => ({ inode, uid: undefined, host: "" }));
}

/** The sockets of this network namespace that listen where a client would connect. Throws what the file system throws. */
export function listenersAt(place: ServerPlace): readonly Listener[] {
  return place.kind === "tcp" ? tcpListeners(place.port, place.hosts) : unixListeners(place.path);
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

/** Those of the given processes that hold a socket which listens there; none where their descriptors may not be looked at. */
export function listeningAmong(place: ServerPlace, candidates: readonly number[]): readonly number[] {
  try {
    const sockets = new Set(listenersAt(place).map(({ inode }) => `socket:[${inode}]`));
    return candidates.filter((pid) => {
      try {
        return holdsAny(pid, sockets);
      } catch {
        return false;
      }
    });
  } catch {
    return [];
  }
}

/** When the process that listens there started, in ms since boot: the youngest, where several hold its socket. */
export function upSince(url: string, connectTo: string, { appServers, agents }: ProcessTable): number | undefined {
  const started = new Map([...agents, ...appServers].map(({ pid, startTicks }) => [pid, startedAtMs(startTicks)]));
  const named = appServers.filter(({ argv }) => argvNamesServer(argv, url)).map(({ pid }) => pid);
  const place = placeToConnect(connectTo);
  const listening = place === undefined ? [] : listeningAmong(place, [...new Set([...named, ...started.keys()])]);
  return listening.length === 0 ? undefined : Math.max(...listening.map((pid) => started.get(pid) ?? 0));
}
