import { join } from "node:path";
import { seen, unseen, type Evidence, type Observed } from "../core/evidence.ts";
import { emptyMemory, nothingRemembered } from "../core/memory.ts";
import type { HeldRegistration } from "../core/agents/agent-groups.ts";
import { ownershipOf, type Ownership } from "../core/agents/ownership.ts";
import type { Policy } from "../core/policy.ts";
import type { ProcessTree } from "../core/agents/process-tree.ts";
import { recordedHolder } from "../core/rungs/signs/recorded-holder.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { claimsOf, factsOf } from "../sweep/judge/scenes.ts";
import { loadRegistry } from "../sweep/load/load.ts";
import type { ReadRegistry } from "../sweep/load/loaded.ts";
import { evidenceOf, lookAtWorld, type World } from "../sweep/observe/observe.ts";
import type { Target } from "../sweep/load/target.ts";

export type OwnersQuestion = {
  readonly targets: readonly Target[];
  readonly policy: Policy;
  readonly codexHomes: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

export type OwnersObservation = {
  readonly tree: ProcessTree;
  readonly complete: Observed<true>;
  readonly ownership: Ownership;
  /** What could not be looked at, so that an owner may be missing. */
  readonly warnings: readonly string[];
};

const noServers: Evidence["appServers"] = new Map();
const noEndpoints: Evidence["endpoints"] = new Map();

/** Registrations whose recorded holder is there, judged by the same rule as in a sweep. */
function heldRegistrations(loaded: ReadRegistry, world: World, policy: Policy): readonly HeldRegistration[] {
  const facts = factsOf(loaded, world, emptyMemory, unseen("nobody asked"));
  const evidence = evidenceOf(world, noServers, noEndpoints);
  return claimsOf(loaded.entries).flatMap((claim) => {
    if (claim.pid === undefined || claim.sessionId === undefined) return [];
    const answer = recordedHolder({ claim, registry: facts, evidence, memory: nothingRemembered, policy });
    if (answer.kind !== "live" || answer.reason === "inner-pid-alive") return [];
    const observation = world.processes.seen ? world.processes.value.pids.get(claim.pid) : undefined;
    const started =
      observation?.seen === true && observation.value.kind === "there" && observation.value.startTicks.seen
        ? observation.value.startTicks.value
        : undefined;
    const proven = claim.startTicks !== undefined && claim.startTicks === started;
    return [{ sessionId: claim.sessionId, pid: claim.pid, proven, authoritative: loaded.target.format.authoritative }];
  });
}

/** Claims are read first, then the world is looked at once; unseen where the process table is. */
export async function lookAtOwners(host: LookingHost, question: OwnersQuestion): Promise<Observed<OwnersObservation>> {
  const { targets, policy, codexHomes, env } = question;
  const loaded = await Promise.all(targets.map((target) => loadRegistry(host, target)));
  const read = loaded.filter((registry): registry is ReadRegistry => registry.state === "read");
  const pids = new Set(read.flatMap((registry) => [...registry.pids]));
  const world = await lookAtWorld(host, { pids, owners: [] });
  if (!world.processes.seen) return world.processes;
  const observation = host.lookAtTree();
  if (!observation.seen) return observation;
  const home = host.homeOf(host.self().uid);
  const homes = [env["CODEX_HOME"], home === undefined ? undefined : join(home, ".codex"), ...codexHomes];
  const locks = host.lookAtWriterLocks([...new Set(homes.filter((path) => path !== undefined))], world.processes.value.agents);
  const { tree, complete } = observation.value;
  const warnings = loaded.flatMap((registry) =>
    registry.state === "read" || (registry.state === "missing" && !registry.target.named)
      ? []
      : [`${registry.target.path} ${registry.problem}`],
  );
  if (!locks.seen) warnings.push(`writer locks could not be looked at: ${locks.why}`);
  if (!complete.seen) warnings.push(complete.why);
  const ownership = ownershipOf({
    tree,
    writerLocks: new Map(locks.seen ? [...locks.value].map(([session, { pid }]) => [session, pid]) : []),
    registrations: read.flatMap((registry) => heldRegistrations(registry, world, policy)),
  });
  return seen({ tree, complete, ownership, warnings });
}
