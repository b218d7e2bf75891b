import type { LookingHost } from "../../host/looking-host.ts";
import { loadFiles } from "./load-files.ts";
import { loadMembers } from "./load-members.ts";
import type { Loaded } from "./loaded.ts";
import type { Target } from "./target.ts";

/** Reads the claims of one registry; an obstacle is reported, not thrown. */
export function loadRegistry(host: LookingHost, target: Target): Promise<Loaded> {
  const { format } = target;
  return format.layout === "members" ? loadMembers(host, target, format) : loadFiles(host, target, format);
}
