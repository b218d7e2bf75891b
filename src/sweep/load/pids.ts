import type { Registration } from "../../core/registration.ts";
import type { Memory } from "../../core/memory.ts";
import type { Entry } from "./loaded.ts";
import { registryId, type Target } from "./target.ts";

/** The pid to look at for a claim. One of another host means nothing here: it is never probed. */
export function probedPid({ pid, host }: Registration, hostname: string): number | undefined {
  return host === undefined || host === hostname ? pid : undefined;
}

/** Every pid that is to be looked at for some entries. */
export function pidsOf(entries: Iterable<Entry>, hostname: string): ReadonlySet<number> {
  const pids = new Set<number>();
  for (const { claim } of entries) {
    const pid = claim.ok ? probedPid(claim.registration, hostname) : undefined;
    if (pid !== undefined) pids.add(pid);
  }
  return pids;
}

/** Every pid of this host that was seen to show an entry of a registry. */
export function* heldPids({ records }: Memory, target: Target, hostname: string): Generator<number, undefined> {
  for (const { held } of records.get(registryId(target))?.values() ?? []) {
    for (const { pid, host } of held?.by ?? []) if (host === hostname) yield pid;
  }
}
