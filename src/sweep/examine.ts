import { refusal } from "../core/self-check.ts";
import { ghostIntents, writingIntents } from "../core/plan/actions.ts";
import { idsOf, nothingSought } from "../core/agents/mentions/sought.ts";
import type { Evidence, Mentions } from "../core/evidence.ts";
import type { Since } from "../core/clocks/since.ts";
import { formatFlapping, type FlappingIdentity } from "../core/revisions/flapping.ts";
import type { EntryFile } from "../host/locks/locks.ts";
import {
  allPids,
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
import type { ExaminedRegistry } from "./judge/examined.ts";
import { seeTmux } from "./judge/tmux.ts";
import { loadRegistries } from "./load/load.ts";
import { loadBeside } from "./load/beside.ts";
import { filesOf } from "./load/entry-files.ts";
import { entriesAt, isRead, type Loaded, type ReadRegistry } from "./load/loaded.ts";
import { lookAtWorld, unlookedWorld, withAllFiles, withLocks } from "./observe/observe.ts";
import { ownerQuestions } from "./observe/daemon.ts";
import { leadsElsewhere, loadSources, noSources } from "./observe/sources.ts";
import { withWitnesses } from "./observe/witnesses.ts";
import { uniquePaths } from "./load/same-place.ts";
import { awayWarnings, contested } from "./observe/fleet.ts";
import { sinceLast, type LookingPass, type PassOptions } from "./pass.ts";
import { judgeAll, judgedByClock, judgedByMore } from "./judge/judged.ts";

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
