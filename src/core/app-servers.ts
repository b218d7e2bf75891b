import { argvHas, tokensOf } from "./agents/argv.ts";

/** A place where a server listens, or where one is asked: `localhost` is an address of either protocol. */
export type ServerPlace =
  | { readonly kind: "tcp"; readonly hosts: readonly string[]; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** Addresses at which a server listens on every interface, and so on the loopback interface. */
const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "0", "0:0:0:0:0:0:0:0"]);

/** One spelling for an IP address: that of version 6 in eight groups, one of version 4 in four numbers, also within the other. */
export function canonicalHost(host: string): string {
  const plain = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (!plain.includes(":")) return plain;
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  const pair = (high: string | undefined, low: string | undefined): string => (Number(high) * 256 + Number(low)).toString(16);
  const hex = dotted === null ? plain : `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`;
  const [front = [], back] = hex.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = back === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  const groups = [...front, ...zeros, ...(back ?? [])].map((group) => Number.parseInt(group, 16));
  if (!groups.slice(0, 5).every((group) => group === 0) || groups[5] !== 0xffff) return groups.map((group) => group.toString(16)).join(":");
  return groups
    .slice(6)
    .map((group) => `${group >> 8}.${group & 0xff}`)
    .join(".");
}

const tcp = /^ws:\/\/(\[[0-9a-f:.]+\]|[^/:[\]]+)(?::(\d{1,5}))?\/?$/i;

/** The place that an address names; undefined where it names none. */
export function serverPlace(url: string): ServerPlace | undefined {
  if (url.startsWith("unix://")) return { kind: "unix", path: url.slice("unix://".length) };
  const [, host, digits = "80"] = tcp.exec(url) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  const hosts = host.toLowerCase() === "localhost" ? ["127.0.0.1", "0:0:0:0:0:0:0:1"] : [canonicalHost(host)];
  return { kind: "tcp", hosts, port };
}

/** Whether what listens on one host is reached at another one. */
export function hostReaches(listener: string, hosts: readonly string[]): boolean {
  return wildcards.has(listener) || hosts.includes(listener);
}

/** The name of the socket at which Codex listens where `unix://` names no path; which home it lies in is not said there. */
export const ownSocketName = "app-server-control.sock";

function socketName(path: string): string {
  return path === "" ? ownSocketName : path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a server at one place may be the one that is asked at another. Paths with links in them match by their last part. */
function serves(listener: ServerPlace, wanted: ServerPlace): boolean {
  if (listener.kind === "unix") return wanted.kind === "unix" && socketName(listener.path) === socketName(wanted.path);
  return wanted.kind === "tcp" && listener.port === wanted.port && listener.hosts.some((host) => hostReaches(host, wanted.hosts));
}

/** Whether a process with this argv is an app server, also where its argv has become one text. */
export function isAppServer(argv: readonly string[]): boolean {
  return argvHas(argv, ["app-server"]);
}

/** Whether a word that is no address names the port of one: `0.0.0.0:4711`, `*:4711`, `:4711`, `4711`. */
function namesPort(word: string, wanted: ServerPlace): boolean {
  return wanted.kind === "tcp" && Number(/^(?:[^/]*:)?(\d{1,5})$/.exec(word)?.[1]) === wanted.port;
}

/** May a process with this argv be one that is to serve this address (`codex app-server --listen ADDRESS`), or every address? */
export function argvNamesServer(argv: readonly string[], url: string): boolean {
  const wanted = serverPlace(url);
  if (wanted === undefined || !isAppServer(argv)) return false;
  const tokens = argv.length === 1 ? tokensOf(["", ...(argv[0] ?? "").split(" ")]) : tokensOf(argv);
  return tokens.some((token) => {
    const listener = serverPlace(token);
    return listener === undefined ? namesPort(token, wanted) : serves(listener, wanted);
  });
}

/**
 * `ws:` on the loopback interface, `unix://` with an absolute path, or `unix://` for Codex's own socket. Whether a
 * server of another machine is down cannot be seen from here, so none is asked.
 */
export function isServerAddress(url: string): boolean {
  const place = serverPlace(url);
  if (place?.kind === "tcp") return place.hosts.every((host) => host === "0:0:0:0:0:0:0:1" || /^127(?:\.\d{1,3}){3}$/.test(host));
  // A character that controls a terminal stands in no path that a person means.
  return place !== undefined && /^(?:\/\P{Cc}*)?$/u.test(place.path);
}
