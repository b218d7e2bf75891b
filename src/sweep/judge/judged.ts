import { isDeepStrictEqual } from "node:util";
import { startTokensMismatch } from "../../core/self-check.ts";
import type { Evidence } from "../../core/evidence.ts";
import { intentFor } from "../../core/plan/plan.ts";
import type { FlappingIdentity } from "../../core/revisions/flapping.ts";
import { anyAwaitsClock } from "./questions.ts";
import { startTokenMismatch, tokenChecks } from "./start-tokens.ts";
import { changeIn, examinedEntries, registryPolicyOf, type ExaminedRegistry, type ExaminedEntry } from "./examined.ts";
import { misreadReason } from "./misread.ts";
import { judgeEntry } from "./scenes.ts";
import { evidenceOf, type World } from "../observe/observe.ts";
import { noOwner } from "../observe/daemon.ts";
import { ownerOf, reportOnlyReasonOf } from "../observe/standing.ts";
import { withRevisions } from "./revise.ts";
import { timekeeping, type LookingPass, type RegistryView } from "../pass.ts";

type Judged = {
  readonly evidence: Evidence;
  readonly registries: readonly ExaminedRegistry[];
  readonly flapping: readonly FlappingIdentity[];
};

/** One list for all: the ladder's verdict stands for most entries. */
const unrevised: ExaminedEntry["revisions"] = [];

async function examineRegistry(pass: LookingPass, view: RegistryView, world: World, looked: boolean): Promise<ExaminedRegistry> {
  const { host } = pass;
  const { loaded, facts } = view;
  const mismatched = startTokensMismatch(tokenChecks(loaded, facts, world));
  const misreading = mismatched ? startTokenMismatch : misreadReason(host, loaded);
  const isMisread = misreading !== undefined;
  const reportOnly = misreading ?? reportOnlyReasonOf(host, loaded);
  // Where no entry is old enough to be judged nothing can be reaped, so no owner is looked for.
  const owner = looked ? await ownerOf(pass, loaded, world) : noOwner;
  const registryPolicy = registryPolicyOf({ loaded, owner, reportOnly, isMisread });
  const goes = changeIn(loaded);
  const entries = examinedEntries(loaded.entries.length, (index): ExaminedEntry => {
    const { entry, sessionId, hasOwnTime, judgement, memory, holders, needsSight } = judgeEntry(pass, view, loaded.entries.at(index));
    // Named one by one: this runs for every entry, and a spread costs more than the judgement.
    return {
      entry,
      sessionId,
      hasOwnTime,
      judgement,
      memory,
      holders,
      needsSight,
      intent: intentFor(judgement, memory, registryPolicy, pass.policy, goes),
      revisions: unrevised,
    };
  });
  return { ...view, owner, reportOnly, isMisread, entries };
}

/** What was answered, and whether anything was looked at. */
type Answers = Pick<Evidence, "appServers" | "endpoints" | "tmux"> & { readonly looked: boolean };

export async function judgeAll(
  pass: LookingPass,
  views: readonly RegistryView[],
  world: World,
  { appServers, endpoints, tmux, looked }: Answers,
): Promise<Judged> {
  const evidence = evidenceOf(world, { appServers, endpoints, tmux, time: timekeeping(pass, world) });
  const judged: ExaminedRegistry[] = [];
  for (const view of views) judged.push(await examineRegistry(pass, { ...view, evidence }, world, looked));
  return { evidence, ...(await withRevisions(pass, judged, world)) };
}

/** What was judged, with more to judge it by; judged again only where that shows more than was known. */
export async function judgedByMore(first: Judged, { mentions, locks }: World, judgeAgain: () => Promise<Judged>): Promise<Judged> {
  const { mentions: before } = first.evidence;
  const isKnown = before.seen && mentions.seen && isDeepStrictEqual(before.value, { ...mentions.value, files: before.value.files });
  if (!isKnown || !locks.seen || locks.value.size > 0) return judgeAgain();
  const evidence = { ...first.evidence, mentions };
  return { ...first, evidence, registries: first.registries.map((one) => ({ ...one, evidence })) };
}

/** What was judged, by a clock that counts as tried at once where the kernel says that it is synchronised. */
export async function judgedByClock(
  pass: LookingPass,
  judgeBy: (pass: LookingPass) => Promise<Judged>,
): Promise<readonly [LookingPass, Judged]> {
  const first = await judgeBy(pass);
  if (!anyAwaitsClock(first, pass.policy)) return [pass, first];
  const synchronised = pass.host.isClockSynchronised();
  if (!synchronised.seen || !synchronised.value) return [pass, first];
  const trusting = { ...pass, synchronised: true };
  return [trusting, await judgeBy(trusting)];
}
