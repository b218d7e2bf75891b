import { judge } from "../core/ladder.ts";
import type { Host } from "../host/host.ts";
import type { Examination, Examined, ExaminedEntry } from "./examine.ts";
import { factsOf, sceneOf } from "./judge.ts";
import { pidsOf } from "./load-files.ts";
import { ownerUid } from "./loaded.ts";
import { codexHomesFor, evidenceOf, lookAtLocks, lookAtWorld } from "./observe.ts";
import type { Surroundings } from "./outcome.ts";
import { findOwner, ownerQuestions } from "./owner.ts";

/**
 * Looks at the processes once more, in the moment before the condemned go: keys of those that are still dead, or
 * undefined when the registry's owner has come up meanwhile.
 */
export async function lastLook(
  host: Host,
  examination: Examination,
  { loaded }: Examined,
  condemned: readonly ExaminedEntry[],
  around: Surroundings,
): Promise<ReadonlySet<string> | undefined> {
  const { target } = loaded;
  const { court, evidence: before, since } = examination;
  const pids = pidsOf(condemned.map(({ entry }) => entry));
  const world = await lookAtWorld(host, { pids, owners: ownerQuestions([target]) });
  if ((await findOwner(host, target.owner, world)).up) return undefined;
  const homes = codexHomesFor(host, target, ownerUid(loaded), around.codexHomes, around.env);
  const facts = factsOf(loaded, world, lookAtLocks(host, world, homes));
  const evidence = evidenceOf({ ...world, clock: before.clock }, before.appServers, before.endpoints);
  const stillDead = condemned.filter(({ entry }) => {
    const { claim } = entry;
    return claim.ok && judge(sceneOf(court, loaded, entry, facts, evidence, since, claim)).verdict === "ghost";
  });
  return new Set(stillDead.map(({ entry }) => entry.key));
}
