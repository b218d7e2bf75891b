import { seen, untimed, type AgentProcess, type Evidence, type Observed } from "../core/evidence.ts";
import { emptyMemory, nothingRemembered } from "../core/memory.ts";
import type { HeldRegistration } from "../core/agents/agent-groups.ts";
import { ownershipOf, type Ownership } from "../core/agents/ownership.ts";
import { canonicalSession } from "../core/registration.ts";
import type { Policy } from "../core/policy.ts";
import type { ProcessTree } from "../core/agents/process-tree.ts";
import { recordedHolder } from "../core/rungs/signs/recorded-holder.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { claimsOf, factsOf } from "../sweep/judge/scenes.ts";
import { loadRegistry } from "../sweep/load/load.ts";
import type { ReadRegistry } from "../sweep/load/loaded.ts";
import { evidenceOf, lookAtWorld, noMentions, type World } from "../sweep/observe/observe.ts";
import type { Target } from "../sweep/load/target.ts";

export type OwnersQuestion = {
  readonly targets: readonly Target[];
  readonly policy: Policy;
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
  const facts = factsOf(loaded, world, emptyMemory);
  const evidence = evidenceOf(world, { appServers: noServers, endpoints: noEndpoints, time: untimed });
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

/** Codex holds the writer lock of each of its threads open, a file that is called by the thread. */
const writerLock = /\/thread-writer-locks\/([^/]+)\.lock(?: \(deleted\))?$/;

/** The threads that agents hold open, by their canonical ids, and which agents could not be looked at. */
function heldThreads(
  host: LookingHost,
  agents: readonly AgentProcess[],
): { readonly threads: ReadonlyMap<string, number>; readonly warnings: readonly string[] } {
  const threads = new Map<string, number>();
  const warnings: string[] = [];
  for (const { pid, agent } of agents) {
    const paths = host.openPaths(pid);
    if (!paths.seen) warnings.push(`the open files of ${agent} (pid ${pid}) could not be looked at: ${paths.why}`);
    for (const path of paths.seen ? paths.value : []) {
      const id = writerLock.exec(path)?.[1];
      if (id !== undefined && !id.endsWith(".coordination")) threads.set(canonicalSession(id), pid);
    }
  }
  return { threads, warnings };
}

/** Claims are read first, then the world is looked at once; unseen where the process table is. */
export async function lookAtOwners(host: LookingHost, question: OwnersQuestion): Promise<Observed<OwnersObservation>> {
  const { targets, policy } = question;
  const loaded = await Promise.all(targets.map((target) => loadRegistry(host, target)));
  const read = loaded.filter((registry): registry is ReadRegistry => registry.state === "read");
  const pids = new Set(read.flatMap((registry) => [...registry.pids]));
  const world = await lookAtWorld(host, { pids, owners: [], ...noMentions });
  if (!world.processes.seen) return world.processes;
  const observation = host.lookAtTree();
  if (!observation.seen) return observation;
  const held = heldThreads(host, world.processes.value.agents);
  const { tree, complete } = observation.value;
  const warnings = loaded.flatMap((registry) =>
    registry.state === "read" || (registry.state === "missing" && !registry.target.named)
      ? []
      : [`${registry.target.path} ${registry.problem}`],
  );
  warnings.push(...held.warnings);
  if (!complete.seen) warnings.push(complete.why);
  const ownership = ownershipOf({
    tree,
    heldThreads: held.threads,
    registrations: read.flatMap((registry) => heldRegistrations(registry, world, policy)),
  });
  return seen({ tree, complete, ownership, warnings });
}
