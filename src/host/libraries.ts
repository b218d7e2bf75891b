/**
 * Loads what a pass may need late: other files of the package. A command that runs for days calls this at its start,
 * because an upgrade of the package meanwhile replaces those files. Short commands load each when they need it.
 * `hasServers`: a registry is a table of a PostgreSQL server, whose client is large.
 */
export async function loadLibraries(hasServers: boolean): Promise<void> {
  const ofServers = hasServers
    ? [import("./databases/read-server.ts"), import("./databases/change-server.ts"), import("./databases/fleet.ts")]
    : [];
  await Promise.all([import("execa"), import("write-file-atomic"), import("ws"), ...ofServers]);
}
