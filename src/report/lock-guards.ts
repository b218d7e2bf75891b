import type { Guard } from "./guards.ts";
import type { EntryReport } from "./model.ts";

const cures = {
  doubt: "if that host is this one under an older name, end what holds the lock, or remove it by hand",
  off: 'let it be taken over: "healRenamedHost": true in the configuration',
  heal: "the next sweep takes it over",
} as const;

/**
 * A lock that names another host, on a file system that no other host has, keeps somebody's guard from starting for as
 * long as it stays: its own program never probes another host's pid. One that still beats keeps nobody out wrongly.
 */
export function lockGuards(entries: readonly EntryReport[]): readonly Guard[] {
  return entries.flatMap(({ registry, key, hostLock, action, detail }): readonly Guard[] => {
    if (hostLock === undefined || hostLock === "stays" || action === "healed") return [];
    const cause = hostLock === "doubt" ? "foreign-host" : "renamed-host";
    return [{ guard: "host-lock", name: `${registry}/${key}`, posture: "off", cause, detail, cure: cures[hostLock] }];
  });
}
