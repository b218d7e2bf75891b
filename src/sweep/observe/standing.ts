import { unprovenReason } from "../../core/identity/contested-name.ts";
import { rememberedUser } from "../../core/plan/busy.ts";
import type { ServerTable } from "../../host/databases/server-read.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { containerOf, serverTableOf, type ReadRegistry } from "../load/loaded.ts";
import { registryId } from "../load/target.ts";
import type { LookingPass } from "../pass.ts";
import { findOwner, type DaemonStatus } from "./daemon.ts";
import type { World } from "./observe.ts";

/** Why nothing may be changed in a registry, whether or not its owner is up. */
export function reportOnlyReasonOf(host: LookingHost, loaded: ReadRegistry): string | undefined {
  const { shared, onGhost, seenFromHere } = loaded.target;
  const { realPath, stat } = containerOf(loaded);
  const reason = stat === undefined ? serverOf(loaded)?.obstacle : host.reportOnlyReason(realPath, stat, shared);
  if (reason !== undefined || onGhost === "report") return reason ?? 'its ghosts are only said ("onGhost": "report")';
  if (seenFromHere === true && host.isReadOnly(realPath))
    return "it cannot be written from here: its file system is read-only (a drop-in with ReadWritePaths= lets a unit write it)";
  const server = serverOf(loaded);
  return server === undefined ? databaseObstacleOf(host, loaded) : unprovenReason(server, host.here(), server.machine);
}

const serverOf = (loaded: ReadRegistry): ServerTable | undefined => (loaded.kind === "rows" ? serverTableOf(loaded)?.server : undefined);

function databaseObstacleOf(host: LookingHost, loaded: ReadRegistry): string | undefined {
  return loaded.kind === "rows" && loaded.file.stat !== undefined ? host.databaseObstacle(loaded.file) : undefined;
}

/** Why nothing may be put back into a registry now, whether or not its owner is up. */
export function unwritableReasonOf(host: LookingHost, loaded: ReadRegistry): string | undefined {
  const { realPath, stat } = containerOf(loaded);
  const reason = stat === undefined ? serverOf(loaded)?.obstacle : host.reportOnlyReason(realPath, stat, loaded.target.shared);
  return reason ?? databaseObstacleOf(host, loaded);
}

/** The owner by the signs that are named for it; else the process that has had the registry's file open since a sweep first tried. */
export async function ownerOf({ host, memory, callers }: LookingPass, loaded: ReadRegistry, world: World): Promise<DaemonStatus> {
  const { target } = loaded;
  const named = await findOwner(host, target, world, callers);
  if (named.up || loaded.kind !== "members") return named;
  const user = rememberedUser(memory.busy, registryId(target));
  if (user === undefined || !host.usesFile(user, loaded.file.realPath)) return named;
  return { ...named, up: true, pids: [user.pid], why: `pid ${user.pid} has had it open since a sweep first tried` };
}
