import type { Evidence } from "../core/evidence.ts";
import { judge } from "../core/ladder.ts";
import type { Host } from "../host/host.ts";
import type { Examination } from "./examine.ts";
import type { Examined } from "./examined.ts";
import { claimsOf, eachClaim, factsIn, sceneOf } from "./judge.ts";
import type { Entry, ReadRegistry } from "./loaded.ts";
import { askServers, evidenceOf, lookAtWorld, type Questions } from "./observe.ts";
import type { Surroundings } from "./outcome.ts";
import { pidsOf } from "./pids.ts";
import { findOwner, ownerQuestions } from "./owner.ts";

function nameSession(entries: Iterable<Entry>): boolean {
  for (const { sessionId } of eachClaim(entries)) if (sessionId !== undefined) return true;
  return false;
}

/** Asks the servers again: a thread may have been loaded since it was condemned, and no process shows that. */
async function askAgain(
  host: Host,
  { court, evidence }: Examination,
  { target }: ReadRegistry,
  condemned: Iterable<Entry>,
  questions: Questions,
): Promise<Evidence["appServers"]> {
  if (target.appServers.length === 0 || !nameSession(condemned)) return evidence.appServers;
  const isConfigured = target.appServers.some(({ configured }) => configured);
  const ids = isConfigured ? claimsOf(condemned).flatMap(({ sessionId }) => sessionId ?? []) : [];
  const world = await lookAtWorld(host, questions);
  const asked = target.appServers.map((server) => [server.url, { server, ids: server.configured ? ids : [] }] as const);
  return askServers(host, world, court.memory, new Map(asked));
}

/**
 * What stands in the moment before the condemned go: keys of those that are still dead, and whether their owner is up.
 * They are gone through one by one, and judged with what is seen now.
 */
export async function lookAgain(
  host: Host,
  examination: Examination,
  { loaded }: Examined,
  condemned: Iterable<Entry>,
  around: Surroundings,
): Promise<{ readonly ownerUp: boolean; readonly dead: ReadonlySet<string> }> {
  const { target } = loaded;
  const { court, evidence: before, since } = examination;
  const { format } = target;
  const pids = format.layout === "members" && !format.recordsPids ? new Set<number>() : pidsOf(condemned, before.here.hostname);
  const questions = { pids, owners: ownerQuestions([target]) };
  const appServers = await askAgain(host, examination, loaded, condemned, questions);
  // The processes last, as close to the swap as can be.
  const world = await lookAtWorld(host, questions);
  const { up } = await findOwner(host, target.owner, world);
  const facts = factsIn(host, loaded, world, around);
  const evidence = evidenceOf({ ...world, clock: before.clock }, appServers, before.endpoints);
  const dead = new Set<string>();
  for (const entry of condemned) {
    const { claim } = entry;
    if (claim.ok && judge(sceneOf(court, loaded, entry, facts, evidence, since, claim)).verdict === "ghost") dead.add(entry.key);
  }
  return { ownerUp: up, dead };
}

/**
 * Looks at the processes once more, in the moment before the condemned go: keys of those that are still dead, or
 * undefined when the registry's owner has come up meanwhile.
 */
export async function lastLook(
  host: Host,
  examination: Examination,
  examined: Examined,
  condemned: Iterable<Entry>,
  around: Surroundings,
): Promise<ReadonlySet<string> | undefined> {
  const { ownerUp, dead } = await lookAgain(host, examination, examined, condemned, around);
  return ownerUp ? undefined : dead;
}
