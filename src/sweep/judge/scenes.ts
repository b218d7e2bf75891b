import { formatMessage } from "../../core/answer.ts";
import { hasUntoldTime, newestClaimed } from "../../core/age.ts";
import { seen } from "../../core/evidence.ts";
import { holdersSeen, noHolders, type ObservedHolder } from "../../core/agents/observed-holders.ts";
import { judge, unjudged, type Judgement } from "../../core/ladder.ts";
import { noClaim } from "../../core/no-claim.ts";
import { nothingRemembered, type EntryMemory, type Memory } from "../../core/memory/memory.ts";
import { recall, remembersAny } from "../../core/memory/recall.ts";
import type { Registration } from "../../core/registration.ts";
import type { RegistryFacts, Scene } from "../../core/scene.ts";
import { writerOf, type Entry, type ReadRegistry } from "../load/loaded.ts";
import type { LookingPass, RegistryView } from "../pass.ts";
import type { World } from "../observe/observe.ts";
import { registryId } from "../load/target.ts";
import { isBesideForeign } from "./beside-foreign.ts";
import { firstSightOf, needsSight } from "./first-sights.ts";
import { unprovenBody } from "./unproven-body.ts";
import { heldByEither } from "./other-holder.ts";
import { areTokensProven } from "./start-tokens.ts";
import { containerTimes, remembered, writtenTextOf, type UnderstoodClaim } from "./remembered.ts";

export type Judged = {
  readonly entry: Entry;
  readonly sessionId: string | undefined;
  /** It states a usable time, so that memory need not record when it was first seen. */
  readonly hasOwnTime: boolean;
  readonly judgement: Judgement;
  readonly memory: EntryMemory;
  /** The processes that have shown it, where it records none. */
  readonly holders: readonly ObservedHolder[];
  /** When it was first seen is to be remembered: nothing else tells its process from a later one of that pid. */
  readonly needsSight: boolean;
};

/** What holds for a whole registry, as far as the ladder asks for it. */
export function factsOf(loaded: ReadRegistry, world: World, memory: Memory): RegistryFacts {
  const { target } = loaded;
  const { format } = target;
  return {
    id: registryId(target),
    about: format.about,
    holderNames: format.holderNames,
    startTokensProven: areTokensProven(loaded, world, memory),
    besideForeign: isBesideForeign(loaded, world, memory),
    identityIsSession: format.identityIsSession,
    statedBehind: format.statedBehind,
    writer: writerOf(loaded),
    modifiedAt: seen(containerTimes(loaded).mtimeMs),
    changedAt: seen(containerTimes(loaded).ctimeMs),
    oneFile: loaded.kind === "files",
    directory: loaded.kind === "files" ? loaded.realPath : undefined,
    appServers: target.appServers,
  };
}

/** What holds for one entry's registry: all that holds for the registry, but for its own file's time and a torn body. */
function factsFor(facts: RegistryFacts, { place }: Entry, isTorn: boolean): RegistryFacts {
  if (place.kind !== "file" && !isTorn) return facts;
  const modifiedAt = place.kind === "file" ? seen(place.state.mtimeMs) : facts.modifiedAt;
  const changedAt = place.kind === "file" ? seen(place.state.ctimeMs) : facts.changedAt;
  // A torn body hides the start token that it held, so the process that has the pid now may be its holder under any name.
  const { id, about, startTokensProven, besideForeign, identityIsSession, statedBehind, writer, oneFile, directory, appServers } = facts;
  const holderNames = isTorn ? undefined : facts.holderNames;
  // Named one by one: a spread for every file costs more than what is judged by it.
  return {
    id,
    about,
    holderNames,
    startTokensProven,
    besideForeign,
    identityIsSession,
    statedBehind,
    writer,
    modifiedAt,
    changedAt,
    oneFile,
    directory,
    appServers,
  };
}

/** The scene of one entry that can be understood. */
export function sceneOf(pass: LookingPass, { loaded, facts, evidence, since }: RegistryView, entry: Entry, claim: UnderstoodClaim): Scene {
  const { registration, torn } = claim;
  const { host, policy } = pass;
  const recalled = remembersAny(pass.memory, registryId(loaded.target), since)
    ? recall(pass.memory, remembered(host, loaded, entry, claim, evidence.clock), since, evidence.clock, evidence.time.sleeps)
    : nothingRemembered;
  const firstSight = firstSightOf(pass, loaded, entry);
  const isKept = recalled.restored && !policy.now;
  const ending = pass.endings?.(registryId(loaded.target), registration, () => host.digest(writtenTextOf(loaded, entry, claim)));
  const isPlain = firstSight === undefined && ending === undefined && isKept === recalled.restored;
  const memory = isPlain ? recalled : { ...recalled, restored: isKept, firstSight, ending };
  return heldByEither({ claim: registration, registry: factsFor(facts, entry, torn), evidence, memory, policy }, claim.otherHolder);
}

/** Whether the times that an entry states tell how long it was silent. */
const tellsTime = (nowMs: number, { claim, registry: { oneFile } }: Scene): boolean =>
  newestClaimed(nowMs, claim) !== undefined && (oneFile || !hasUntoldTime(nowMs, claim));

export function judgeEntry(pass: LookingPass, view: RegistryView, entry: Entry): Judged {
  const { claim } = entry;
  if (!claim.ok) {
    return {
      entry,
      sessionId: undefined,
      hasOwnTime: false,
      judgement: unjudged("malformed-entry", claim.problem),
      memory: nothingRemembered,
      holders: noHolders,
      needsSight: false,
    };
  }
  const scene = sceneOf(pass, view, entry, claim);
  const { memory } = scene;
  const unclaimed = noClaim(claim.registration);
  const { loaded } = view;
  const { sessionId } = claim.registration;
  const { wallMs } = view.evidence.clock;
  const hasOwnTime = wallMs.seen && tellsTime(wallMs.value, scene);
  if (entry.duplicate)
    return {
      entry,
      sessionId,
      hasOwnTime,
      judgement: unjudged("duplicate-key", "its key occurs more than once, so which of them is meant is unknown"),
      memory,
      holders: noHolders,
      needsSight: false,
    };
  if (unclaimed !== undefined)
    return { entry, sessionId, hasOwnTime, judgement: unjudged("no-claim", unclaimed), memory, holders: noHolders, needsSight: false };
  const judgement = judge(scene);
  // Even a pid that is gone then waits for a second look.
  const why = judgement.verdict === "ghost" ? unprovenBody(loaded, entry, scene, claim.torn) : undefined;
  return {
    entry,
    sessionId,
    hasOwnTime,
    judgement: why === undefined ? judgement : { ...judgement, certain: false, detail: () => `${formatMessage(judgement.detail)}; ${why}` },
    memory,
    holders: holdersSeen(scene),
    needsSight: needsSight(scene, judgement),
  };
}

/** The claims of those entries that can be understood, one at a time: a second list of a million is not made. */
export function* eachClaim(entries: Iterable<Entry>): Generator<Registration, undefined> {
  for (const { claim } of entries) if (claim.ok) yield claim.registration;
}

export function claimsOf(entries: Iterable<Entry>): readonly Registration[] {
  return [...eachClaim(entries)];
}
