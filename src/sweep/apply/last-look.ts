import { isDeepStrictEqual } from "node:util";
import type { Evidence } from "../../core/evidence.ts";
import { judge } from "../../core/ladder.ts";
import type { RegistryFacts } from "../../core/scene.ts";
import type { Host } from "../../host/host.ts";
import type { Surroundings } from "./outcome.ts";
import type { Examination } from "../examine.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import { claimsOf, eachClaim, factsIn, sceneOf } from "../judge/scenes.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";
import { pidsOf } from "../load/pids.ts";
import { findOwner, ownerQuestions } from "../observe/daemon.ts";
import { type Questions, askServers, evidenceOf, lookAtWorld } from "../observe/observe.ts";

/** Those that are about to go: their keys, and what each of them claims, for whoever has to judge it. */
export type LastLookRequest = { readonly keys: Iterable<string>; readonly entries: Iterable<Entry> };

export function lastLookRequest(those: readonly ExaminedEntry[]): LastLookRequest {
  return { keys: those.map(({ entry }) => entry.key), entries: those.map(({ entry }) => entry) };
}

function nameSession(entries: Iterable<Entry>): boolean {
  for (const { sessionId } of eachClaim(entries)) if (sessionId !== undefined) return true;
  return false;
}

/** Asks the servers again: a thread may have been loaded since it was condemned, and no process shows that. */
async function askAgain(
  host: Host,
  { pass, evidence }: Examination,
  { target }: ReadRegistry,
  entries: Iterable<Entry>,
  questions: Questions,
): Promise<Evidence["appServers"]> {
  if (target.appServers.length === 0 || !nameSession(entries)) return evidence.appServers;
  const isConfigured = target.appServers.some(({ configured }) => configured);
  const ids = isConfigured ? claimsOf(entries).flatMap(({ sessionId }) => sessionId ?? []) : [];
  const world = await lookAtWorld(host, questions);
  const asked = target.appServers.map((server) => [server.url, { server, ids: server.configured ? ids : [] }] as const);
  return askServers(host, world, pass.memory, new Map(asked));
}

/**
 * What stands in the moment before the condemned go: keys of those that are still dead, and whether their owner is up.
 * They are judged one by one with what is seen now, unless that is what was seen when they were condemned.
 */
export async function lookAgain(
  host: Host,
  examination: Examination,
  { loaded, facts: factsBefore }: ExaminedRegistry,
  { keys, entries }: LastLookRequest,
  around: Surroundings,
): Promise<{ readonly ownerUp: boolean; readonly dead: ReadonlySet<string> }> {
  const { target } = loaded;
  const { pass, evidence: before, since } = examination;
  const { format } = target;
  const pids = format.layout === "members" && !format.recordsPids ? new Set<number>() : pidsOf(entries, before.here.hostname);
  const questions = { pids, owners: ownerQuestions([target]) };
  const appServers = await askAgain(host, examination, loaded, entries, questions);
  // The processes last, as close to the swap as can be.
  const world = await lookAtWorld(host, questions);
  const { up } = await findOwner(host, target.owner, world);
  const facts = factsIn(host, loaded, world, around);
  const evidence = evidenceOf({ ...world, clock: before.clock }, appServers, before.endpoints);
  if (isSameLook({ evidence: before, facts: factsBefore }, { evidence, facts })) return { ownerUp: up, dead: new Set(keys) };
  const dead = new Set<string>();
  for (const entry of entries) {
    const { claim } = entry;
    if (claim.ok && judge(sceneOf(pass, loaded, entry, facts, evidence, since, claim)).verdict === "ghost") dead.add(entry.key);
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
  examined: ExaminedRegistry,
  condemned: LastLookRequest,
  around: Surroundings,
): Promise<ReadonlySet<string> | undefined> {
  const { ownerUp, dead } = await lookAgain(host, examination, examined, condemned, around);
  return ownerUp ? undefined : dead;
}

/** All that the ladder is told beside an entry and what is remembered of it. */
export type LookResult = { readonly evidence: Evidence; readonly facts: RegistryFacts };

/**
 * Whether two looks saw the very same. The ladder is pure (the compiler holds that), so equal looks lead to equal
 * judgements. An unequal pair costs one more judgement of each entry.
 */
export function isSameLook(before: LookResult, now: LookResult): boolean {
  // Agents are indexed by the processes, which are compared, and by the format.
  const [{ agents: _before, ...factsBefore }, { agents: _now, ...factsNow }] = [before.facts, now.facts];
  return isDeepStrictEqual(before.evidence, now.evidence) && isDeepStrictEqual(factsBefore, factsNow);
}
