import { matchesName } from "../agents/programs.ts";

/** Names that every machine has for itself, so that they tell of none. */
const everyHost: ReadonlySet<string> = new Set([
  "localhost",
  "localhost.localdomain",
  "localhost4",
  "localhost6",
  "ip6-localhost",
  "::1",
  "[::1]",
  "0.0.0.0",
  "::",
]);
const loopback = /^127(?:\.\d{1,3}){3}$/;

/** A host's name as it is compared, without case; undefined for a name that tells of no host. */
export function canonicalHost(name: string): string | undefined {
  const host = name.trim().toLowerCase().replace(/\.$/, "");
  return host === "" || everyHost.has(host) || loopback.test(host) ? undefined : host;
}

const shortName = (host: string): string => host.split(".")[0] ?? host;

/** Whether two names are of one host; `without-domain` where one of them has a domain and the other has none. */
export function compareHosts(one: string, other: string): "same" | "without-domain" | "other" {
  const [first, second] = [canonicalHost(one), canonicalHost(other)];
  if (first === undefined || second === undefined) return "other";
  if (first === second) return "same";
  if (first.includes(".") === second.includes(".")) return "other";
  return shortName(first) === shortName(second) ? "without-domain" : "other";
}

/** A machine's id as it is compared (machine-id(5)): hexadecimal digits without case and hyphens. */
function canonicalMachine(id: string): string {
  return id.trim().toLowerCase().replaceAll("-", "");
}

export function isSameMachine(one: string, other: string): boolean {
  return canonicalMachine(one) === canonicalMachine(other);
}

/** Whether an operator's word of hosts that are gone, in literals and `*`, is of this host; a name of `ours` never is. */
export function isHostGone(host: string, ours: string, patterns: readonly string[]): boolean {
  const name = canonicalHost(host);
  if (name === undefined || compareHosts(host, ours) !== "other") return false;
  return patterns.some((pattern) => {
    if (!pattern.includes("*")) return compareHosts(pattern, ours) === "other" && compareHosts(pattern, name) !== "other";
    const wanted = pattern.trim().toLowerCase();
    return matchesName(name, wanted) || (!wanted.includes(".") && matchesName(shortName(name), wanted));
  });
}

/** The same of a machine, by its id. */
export function isMachineGone(machineId: string, ours: string, patterns: readonly string[]): boolean {
  const id = canonicalMachine(machineId);
  return id !== canonicalMachine(ours) && patterns.some((pattern) => matchesName(id, canonicalMachine(pattern)));
}
