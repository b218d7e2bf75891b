import type { Restored } from "../../core/memory.ts";
import { restoredKeptMs } from "../../core/policy.ts";
import type { Host } from "../../host/host.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import { identityTextOf } from "../judge/scenes.ts";
import { loadRegistry } from "../load/load.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { lookAtWorld, noMentions } from "../observe/observe.ts";
import { findOwner, ownerQuestions } from "../observe/daemon.ts";
import { restoreFiles } from "./restore-files.ts";
import { restoreMembers } from "./restore-members.ts";
import type { RestoreOutcome } from "./restored.ts";
import type { Target } from "../load/target.ts";

/** Why nothing may be put back into a registry now; undefined when it may. */
async function obstacle(host: Host, loaded: ReadRegistry): Promise<string | undefined> {
  const { target } = loaded;
  const [realPath, stat] = loaded.kind === "members" ? [loaded.file.realPath, loaded.file.stat] : [loaded.realPath, loaded.stat];
  const reportOnly = host.reportOnlyReason(realPath, stat);
  if (reportOnly !== undefined) return reportOnly;
  const world = await lookAtWorld(host, { pids: new Set(), owners: ownerQuestions([target]), ...noMentions });
  const owner = await findOwner(host, target.owner, world);
  return owner.up ? `its owner is up (${owner.why}); stop it first` : undefined;
}

async function putBackInto(
  host: Host,
  target: Target,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): Promise<readonly RestoreOutcome[]> {
  const failed = (detail: string): readonly RestoreOutcome[] => tombstones.map((tombstone) => ({ tombstone, action: "failed", detail }));
  const loaded = await loadRegistry(host, target);
  if (loaded.state !== "read") return failed(`its registry ${loaded.problem}`);
  const obstructed = await obstacle(host, loaded);
  if (obstructed !== undefined) return failed(obstructed);
  return loaded.kind === "members" ? restoreMembers(host, loaded, tombstones, dryRun) : restoreFiles(host, loaded, tombstones, dryRun);
}

/** Marks of what was put back, so that the next sweep does not take it away again. */
async function marksOf(host: Host, target: Target, restored: readonly RestoreOutcome[]): Promise<readonly Restored[]> {
  const keys = new Set(restored.map(({ tombstone }) => tombstone.key));
  const now = await loadRegistry(host, target);
  if (now.state !== "read") return [];
  const { wallMs } = host.clock();
  const untilMs = (wallMs.seen ? wallMs.value : 0) + restoredKeptMs;
  const marks: Restored[] = [];
  for (const entry of now.entries) {
    const { key, claim } = entry;
    if (keys.has(key) && claim.ok) marks.push({ registry: target.path, key, digest: host.digest(identityTextOf(entry, claim)), untilMs });
  }
  return marks;
}

function takeBack(host: Host, restored: readonly RestoreOutcome[]): void {
  const bySweep = new Map<string, string[]>();
  for (const { tombstone } of restored) {
    const sweepId = tombstone.id.slice(0, tombstone.id.indexOf("/"));
    bySweep.set(sweepId, [...(bySweep.get(sweepId) ?? []), tombstone.id]);
  }
  for (const [sweepId, ids] of bySweep) host.store.voidTombstones(sweepId, ids);
}

/**
 * Puts tombstoned entries back into the registry at `target`. Tombstones whose entry is back are taken away; a
 * newcomer of the same name is never overwritten.
 */
export async function restore(
  host: Host,
  target: Target,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): Promise<readonly RestoreOutcome[]> {
  const outcomes = await putBackInto(host, target, tombstones, dryRun);
  const restored = outcomes.filter(({ action }) => action === "restored");
  if (restored.length === 0) return outcomes;
  takeBack(host, restored);
  const { memory } = host.store.loadMemory();
  const marks = await marksOf(host, target, restored);
  const keys = new Set(marks.map(({ key }) => key));
  const others = memory.restored.filter(({ registry, key }) => registry !== target.path || !keys.has(key));
  await host.store.saveMemory({ ...memory, restored: [...others, ...marks] });
  return outcomes;
}
