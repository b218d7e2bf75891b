import { isDeepStrictEqual } from "node:util";
import { refusal, startTokensMismatch } from "../core/self-check.ts";
import { ghostIntents, writingIntents } from "../core/plan/actions.ts";
import { idsOf, nothingSought } from "../core/agents/mentions.ts";
import type { Evidence, Mentions } from "../core/evidence.ts";
import type { Since } from "../core/clocks/since.ts";
import { intentFor } from "../core/plan/plan.ts";
import { formatFlapping, type FlappingIdentity } from "../core/revisions/flapping.ts";
import type { EntryFile } from "../host/locks/locks.ts";
import {
  allPids,
  anyAwaitsClock,
  anythingOld,
  noEndpoints,
  noServers,
  noTmux,
  programsOf,
  seeEndpoints,
  seeServers,
  soughtIn,
  viewsOf,
} from "./judge/questions.ts";
import { startTokenMismatch, tokenChecks } from "./judge/start-tokens.ts";
import { changeIn, examinedEntries, registryPolicyOf, type ExaminedRegistry, type ExaminedEntry } from "./judge/examined.ts";
import { misreadReason } from "./judge/misread.ts";
import { judgeEntry } from "./judge/scenes.ts";
import { seeTmux } from "./judge/tmux.ts";
import { loadRegistries } from "./load/load.ts";
import { loadBeside } from "./load/beside.ts";
import { filesOf } from "./load/entry-files.ts";
import { entriesAt, isRead, type Loaded, type ReadRegistry } from "./load/loaded.ts";
import { evidenceOf, lookAtWorld, unlookedWorld, withAllFiles, withLocks, type World } from "./observe/observe.ts";
import { noOwner, ownerQuestions } from "./observe/daemon.ts";
import { leadsElsewhere, loadSources, noSources } from "./observe/sources.ts";
import { withWitnesses } from "./observe/witnesses.ts";
import { ownerOf, reportOnlyReasonOf } from "./observe/standing.ts";
import { uniquePaths } from "./load/same-place.ts";
import { withRevisions } from "./judge/revise.ts";
import { awayWarnings, contested } from "./observe/fleet.ts";
import { sinceLast, timekeeping, type LookingPass, type PassOptions, type RegistryView } from "./pass.ts";

export type ExamineOptions = PassOptions & {
  /** Look at the world even if every entry is young: for commands that show each rung's answer. */
  readonly lookAnyway: boolean;
};

/** Everything that a sweep knows before it writes anything. */
export type Examination = {
  readonly pass: LookingPass;
  readonly evidence: Evidence;
  readonly since: Since;
  readonly refusal: string | undefined;
  readonly warnings: readonly string[];
  readonly unread: readonly Exclude<Loaded, ReadRegistry>[];
  readonly registries: readonly ExaminedRegistry[];
  readonly flapping: readonly FlappingIdentity[];
};

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

async function judgeAll(
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
async function judgedByMore(first: Judged, { mentions, locks }: World, judgeAgain: () => Promise<Judged>): Promise<Judged> {
  const { mentions: before } = first.evidence;
  const isKnown = before.seen && mentions.seen && isDeepStrictEqual(before.value, { ...mentions.value, files: before.value.files });
  if (!isKnown || !locks.seen || locks.value.size > 0) return judgeAgain();
  const evidence = { ...first.evidence, mentions };
  return { ...first, evidence, registries: first.registries.map((one) => ({ ...one, evidence })) };
}

/** Whether an entry is to be acted on whose id a process may carry: then the open files of all processes count. */
function anySessionGoes({ loaded, facts, entries }: ExaminedRegistry): boolean {
  return entries.indexesOf(...writingIntents).some((index) => {
    const { claim } = loaded.entries.at(index);
    return claim.ok && idsOf(claim.registration, facts).length > 0;
  });
}

/** Whether an entry with a file of its own is a ghost: then it counts whether that is locked. */
const anyFileGoes = ({ loaded, entries }: ExaminedRegistry): boolean => loaded.kind === "files" && entries.verdicts.ghost > 0;

function* ghostFiles(registries: readonly ExaminedRegistry[]): Generator<EntryFile, undefined> {
  for (const { loaded, entries } of registries) yield* filesOf(loaded, entriesAt(loaded.entries, entries.indexesOf(...ghostIntents)));
}

/** What was judged, by a clock that counts as tried at once where the kernel says that it is synchronised. */
async function judgedByClock(pass: LookingPass, judgeBy: (pass: LookingPass) => Promise<Judged>): Promise<readonly [LookingPass, Judged]> {
  const first = await judgeBy(pass);
  if (!anyAwaitsClock(first, pass.policy)) return [pass, first];
  const synchronised = pass.host.isClockSynchronised();
  if (!synchronised.seen || !synchronised.value) return [pass, first];
  const trusting = { ...pass, synchronised: true };
  return [trusting, await judgeBy(trusting)];
}

/**
 * Reads every claim, then looks at the world once, then judges; and looks at the open files of all processes and at the
 * locks on files, and judges again, if an entry would go. Writes nothing: a dry run is this and a report, a sweep is this and carrying it out.
 */
export async function examine(
  given: LookingPass,
  { lookAnyway }: Pick<ExamineOptions, "lookAnyway">,
  files: Mentions["files"] = "agents",
): Promise<Examination> {
  const { host, policy, memoryProblem } = given;
  const claimed = await loadRegistries(host, given.targets, given.inDirectories);
  const { targets } = claimed;
  const begun = { ...given, targets };
  const { loaded, aliases, warnings } = uniquePaths(claimed.loaded);
  const swept = loaded.filter(isRead);
  const beside = [...aliases, ...(await loadBeside(host, begun.witnesses, loaded))];
  const read = [...swept, ...beside];
  const unlooked = unlookedWorld(host);
  const mustLook = lookAnyway || anythingOld(begun, viewsOf(begun, unlooked, read, { sought: nothingSought, sources: noSources }));
  const sought = mustLook ? soughtIn(read) : nothingSought;
  const mentionQuestion = { sought, programs: programsOf(policy, read) };
  const sources = mustLook ? await loadSources(begun, [...loaded, ...beside], files === "all" ? host.configDirectories() : []) : noSources;
  const pids = allPids(begun, read, sources);
  const looked = mustLook
    ? await lookAtWorld(host, {
        pids,
        owners: ownerQuestions([...targets, ...beside.map(({ target }) => target)]),
        ...mentionQuestion,
        files,
      })
    : unlooked;
  const world = mustLook ? withWitnesses(begun, sources, looked) : looked;
  const halfSeen = viewsOf(begun, world, read, { sought, sources });
  const appServers = mustLook ? await seeServers(begun, halfSeen, world) : noServers;
  const asked = halfSeen.map((view) => ({ ...view, evidence: { ...view.evidence, appServers } }));
  const endpoints = mustLook ? await seeEndpoints(begun, asked) : noEndpoints;
  const answered = asked.map((view) => ({ view: { ...view, evidence: { ...view.evidence, endpoints } }, entries: view.loaded.entries }));
  const tmux = mustLook ? await seeTmux(begun, answered) : noTmux;
  const answers = { appServers, endpoints, tmux, looked: mustLook };
  const [pass, first] = await judgedByClock(begun, (one) => judgeAll(one, halfSeen, world, answers));
  const mustLookOn = files === "agents" && first.registries.some(anySessionGoes);
  // Before an entry of a session goes, what a home says of which only an environment knows counts, too.
  if (mustLookOn && leadsElsewhere(host, sources)) return examine(begun, { lookAnyway }, "all");
  const open = mustLookOn ? withAllFiles(host, world, mentionQuestion) : world;
  const mayBeLocked = first.registries.filter(anyFileGoes);
  const whole = mayBeLocked.length > 0 ? withLocks(host, open, ghostFiles(mayBeLocked)) : open;
  const { evidence, registries, flapping } =
    whole === world ? first : await judgedByMore(first, whole, () => judgeAll(pass, halfSeen, whole, answers));
  return {
    pass,
    evidence,
    since: sinceLast(pass, evidence),
    refusal: (mustLook ? refusal(host.selfTest(), policy) : undefined) ?? contested(swept, evidence),
    warnings: [
      ...(memoryProblem === undefined ? [] : [memoryProblem]),
      ...warnings,
      ...awayWarnings(swept),
      ...flapping.map(formatFlapping),
    ],
    flapping,
    unread: loaded.filter((registry) => !isRead(registry)),
    registries: registries.slice(0, swept.length),
  };
}
