import { isElsewhere } from "../../core/agents/observed-holders.ts";
import type { Here } from "../../core/evidence.ts";
import { isSameBoot } from "../../core/identity/tokens.ts";
import { isOnOtherHost } from "../../core/identity/whereabouts.ts";
import type { Registration } from "../../core/registration.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Claim } from "../../registries/format.ts";
import type { Entry } from "./loaded.ts";
import { registryId, type Target } from "./target.ts";

/** The pid to look at for a claim. One of another host means nothing here: it is never probed. */
export function probedPid(claim: Registration, here: Here): number | undefined {
  return claim.pid === undefined || isOnOtherHost(claim, here) ? undefined : claim.pid;
}

/** It records a pid that may be counted somewhere else: then nothing that runs or does not run here tells what became of it. */
export function mayBeElsewhere(claim: Registration, here: Here): boolean {
  const { pid, pidNamespace, bootId } = claim;
  if (pid === undefined) return false;
  // Another boot's can be that of a kernel beside ours.
  const mayBeOtherKernel = bootId !== undefined && !(here.bootId.seen && isSameBoot(bootId, here.bootId.value) === true);
  return pidNamespace !== undefined || mayBeOtherKernel || isOnOtherHost(claim, here);
}

/** Adds every pid that is to be looked at for a claim. */
export function addPids(pids: Set<number>, claim: Claim, here: Here): void {
  if (!claim.ok) return;
  const pid = probedPid(claim.registration, here);
  if (pid !== undefined) pids.add(pid);
  const other = claim.otherHolder?.pid;
  if (other !== undefined && !isOnOtherHost(claim.registration, here)) pids.add(other);
}

/** Every pid that is to be looked at for some entries. */
export function pidsOf(entries: Iterable<Entry>, here: Here): ReadonlySet<number> {
  const pids = new Set<number>();
  for (const { claim } of entries) addPids(pids, claim, here);
  return pids;
}

/** Every pid of this host that was seen to show an entry of a registry. */
export function* heldPids({ records }: Memory, target: Target, here: Here): Generator<number, undefined> {
  for (const { held } of records.get(registryId(target))?.values() ?? []) {
    for (const holder of held?.by ?? []) if (!isElsewhere(holder, here)) yield holder.pid;
  }
}
