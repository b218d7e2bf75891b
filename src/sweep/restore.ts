import type { Memory, Restored } from "../core/memory.ts";
import { restoredKeptMs } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { KeptMember, Tombstone } from "../host/tombstones.ts";
import { putBack, type CutMember } from "../registries/put-back.ts";
import { loadRegistry } from "./load.ts";
import type { ReadRegistry } from "./judge.ts";
import { lookAtWorld } from "./observe.ts";
import { findOwner, ownerQuestions } from "./owner.ts";
import type { Target } from "./target.ts";

export type RestoreOutcome = {
  readonly tombstone: Tombstone;
  readonly action: "restored" | "would-restore" | "newcomer" | "failed";
  readonly detail: string;
};

type Member = Tombstone & { readonly kept: KeptMember };

function cutMember({ key, kept }: Member): CutMember {
  return { key, form: kept.form, after: kept.after, cut: Buffer.from(kept.cut, "base64"), member: kept.member };
}

/** Why nothing may be put back into a registry now; undefined when it may. */
async function obstacle(host: Host, loaded: ReadRegistry): Promise<string | undefined> {
  const { target, file } = loaded;
  const reportOnly = host.reportOnlyReason(file);
  if (reportOnly !== undefined) return reportOnly;
  const world = await lookAtWorld(host, { pids: new Set(), owners: ownerQuestions([target]) });
  const owner = await findOwner(host, target.owner, world);
  return owner.up ? `its owner is up (${owner.why}); stop it first` : undefined;
}

async function restoreMembers(
  host: Host,
  target: Target,
  tombstones: readonly Member[],
  dryRun: boolean,
): Promise<readonly RestoreOutcome[]> {
  const all = (action: RestoreOutcome["action"], detail: string) => tombstones.map((tombstone) => ({ tombstone, action, detail }));
  const loaded = await loadRegistry(host, target);
  if (loaded.state !== "read") return all("failed", `its registry ${loaded.problem}`);
  const obstructed = await obstacle(host, loaded);
  if (obstructed !== undefined) return all("failed", obstructed);
  const taken = new Set(loaded.entries.map(({ key }) => key));
  const outcomes: RestoreOutcome[] = [];
  const wanted: Member[] = [];
  for (const tombstone of tombstones) {
    if (taken.has(tombstone.key))
      outcomes.push({ tombstone, action: "newcomer", detail: "an entry of this name is there already; it was left alone" });
    else wanted.push(tombstone);
    taken.add(tombstone.key);
  }
  if (wanted.length === 0) return outcomes;
  const settle = (action: RestoreOutcome["action"], detail: string): readonly RestoreOutcome[] => [
    ...outcomes,
    ...wanted.map((tombstone) => ({ tombstone, action, detail })),
  ];
  if (dryRun) return settle("would-restore", "");
  const { file, container } = loaded;
  const pieces = putBack(file.bytes, container, wanted.map(cutMember)).map((part) =>
    part instanceof Uint8Array ? Buffer.from(part) : part,
  );
  const replaced = await host.replaceJudged(file, pieces, () => Promise.resolve(true));
  if (replaced.kind === "replaced") return settle("restored", "");
  return settle("failed", replaced.kind === "failed" ? replaced.problem : "its registry changed meanwhile; try again");
}

/** Marks what was put back, so that the next sweep does not take it away again. */
async function protect(host: Host, target: Target, restored: readonly RestoreOutcome[], memory: Memory): Promise<readonly Restored[]> {
  const keys = new Set(restored.filter(({ action }) => action === "restored").map(({ tombstone }) => tombstone.key));
  const now = await loadRegistry(host, target);
  const { wallMs } = host.clock();
  const untilMs = (wallMs.seen ? wallMs.value : 0) + restoredKeptMs;
  const kept = memory.restored.filter(({ registry, key }) => registry !== target.path || !keys.has(key));
  if (now.state !== "read") return kept;
  const marks = now.entries.flatMap(({ key, claim }) => {
    return keys.has(key) && claim.ok ? [{ registry: target.path, key, digest: host.digest(claim.sameness), untilMs }] : [];
  });
  return [...kept, ...marks];
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
  const members = tombstones.filter((tombstone): tombstone is Member => tombstone.kept.layout === "members");
  const outcomes = await restoreMembers(host, target, members, dryRun);
  const restored = outcomes.filter(({ action }) => action === "restored");
  if (restored.length === 0) return outcomes;
  const bySweep = new Map<string, string[]>();
  for (const { tombstone } of restored) {
    const sweepId = tombstone.id.slice(0, tombstone.id.indexOf("/"));
    bySweep.set(sweepId, [...(bySweep.get(sweepId) ?? []), tombstone.id]);
  }
  for (const [sweepId, ids] of bySweep) host.store.exhume(sweepId, ids);
  const { memory } = host.store.loadMemory();
  host.store.saveMemory({ ...memory, restored: await protect(host, target, restored, memory) });
  return outcomes;
}
