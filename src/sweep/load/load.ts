import type { LookingHost } from "../../host/looking-host.ts";
import { workingDirectories } from "./directories.ts";
import { loadFiles } from "./load-files.ts";
import { loadMembers } from "./load-members.ts";
import { loadRows } from "./load-rows.ts";
import { isRead, type Loaded } from "./loaded.ts";
import { registryId, type Target } from "./target.ts";

/** Reads the claims of one registry; an obstacle is reported, not thrown. */
export function loadRegistry(host: LookingHost, target: Target): Promise<Loaded> {
  const { format } = target;
  switch (format.layout) {
    case "members":
      return loadMembers(host, target, format);
    case "files":
      return loadFiles(host, target, format);
    case "rows":
      return loadRows(host, target, format);
  }
}

/** The registries that are usual in directories. */
export type InDirectories = (directories: readonly string[]) => readonly Target[];

/**
 * Reads the claims of all registries, and then those of the registries that are in the directories which these claims
 * name; most of these directories have none.
 */
export async function loadRegistries(
  host: LookingHost,
  targets: readonly Target[],
  inDirectories: InDirectories = () => [],
): Promise<{ readonly targets: readonly Target[]; readonly loaded: readonly Loaded[] }> {
  const loaded = await Promise.all(targets.map((target) => loadRegistry(host, target)));
  const known = new Set(targets.map(registryId));
  const further = inDirectories(workingDirectories(loaded.filter(isRead))).filter((target) => !known.has(registryId(target)));
  const found = (await Promise.all(further.map((target) => loadRegistry(host, target)))).filter(({ state }) => state !== "missing");
  return { targets: [...targets, ...found.map(({ target }) => target)], loaded: [...loaded, ...found] };
}
