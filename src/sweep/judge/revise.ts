import { intentFor } from "../../core/plan/plan.ts";
import type { FlappingIdentity } from "../../core/revisions/flapping.ts";
import type { Bytes, Candidate, JudgedRegistry, JudgedRow, Revised, Revision, Observation } from "../../core/revisions/revision.ts";
import { revisions } from "../../core/revisions/revisions.ts";
import { canonicalSession } from "../../core/registration.ts";
import { containerOf, userOf, type Entry, type ReadRegistry } from "../load/loaded.ts";
import { findOwner, ownerQuestions } from "../observe/daemon.ts";
import {
  askServers,
  evidenceOf,
  lookAtWorld,
  noMentions,
  withUptimes,
  type Questions,
  type ServerQuestions,
  type World,
} from "../observe/observe.ts";
import { noSources, reloadSources } from "../observe/sources.ts";
import { speakingPids, withWitnesses } from "../observe/witnesses.ts";
import { sinceLast, timekeeping, type LookingPass, type RegistryView } from "../pass.ts";
import { changeIn, registryPolicyOf, type ExaminedEntry, type ExaminedRegistry, type RevisedEntry } from "./examined.ts";
import { noEndpoints, noTmux, sameMentions } from "./questions.ts";
import { sceneOf } from "./scenes.ts";

/** A candidate of a revision, and the entry that it is. */
type Placed = { readonly revision: Revision; readonly candidate: Candidate; readonly view: RegistryView; readonly entry: Entry };

/** A file of its own goes whole, and so does a row. */
function bytesOf(loaded: ReadRegistry, key: string, index: number): Bytes {
  if (loaded.kind === "files") return { file: `${loaded.realPath}/${key}`, start: 0, end: Number.POSITIVE_INFINITY };
  if (loaded.kind === "rows") return { file: `${loaded.file.realPath}\0${loaded.table.name}\0${key}`, start: 0, end: 0 };
  const { members } = loaded.container;
  return { file: loaded.file.realPath, start: members.start(index), end: members.end(index) };
}

function judgedRegistry({ loaded, entries }: ExaminedRegistry, registry: number): JudgedRegistry {
  const { path, format } = loaded.target;
  const { authoritative } = format;
  function* rows(): Generator<JudgedRow, undefined> {
    for (let index = 0; index < loaded.entries.length; index += 1) {
      const { key, claim, duplicate, place } = loaded.entries.at(index);
      if (!claim.ok || duplicate) continue;
      yield {
        registry,
        index,
        claim: claim.registration,
        torn: claim.torn,
        get judgement() {
          return entries.at(index).judgement;
        },
        authoritative,
        where: loaded.kind === "files" ? `${path}/${key}` : path,
        format: format.name,
        get bytes() {
          return bytesOf(loaded, key, index);
        },
        writtenMs: place.kind === "file" ? place.state.mtimeMs : undefined,
      };
    }
  }
  const keepsReleased = format.releases !== undefined;
  return {
    path,
    root: containerOf(loaded).realPath,
    authoritative,
    keepsReleased,
    hostLocks: format.hostLocks,
    recordsPids: loaded.pids.size > 0,
    rows,
  };
}

function observationOf(pass: LookingPass, view: RegistryView, entry: Entry): Observation {
  const { loaded } = view;
  if (!entry.claim.ok) throw new TypeError("an entry that can be understood was expected");
  return { scene: sceneOf(pass, view, entry, entry.claim), fileSystem: () => pass.host.fileSystemOf(containerOf(loaded).realPath) };
}

/** Every server of a registry is asked for each of the sessions. */
function serverQuestions({ loaded }: RegistryView, ids: readonly string[]): ServerQuestions {
  const servers = ids.length === 0 ? [] : loaded.target.appServers;
  const users = new Set([userOf(loaded)]);
  return new Map(servers.map((server) => [server.url, { server, ids, users }] as const));
}

/** What is looked for in the processes: what was before, and as far. */
function mentionsIn({ policy }: LookingPass, [first]: readonly Placed[]): Pick<Questions, "sought" | "programs" | "files"> {
  return first === undefined ? noMentions : sameMentions(first.view, policy);
}

/**
 * Looks at what the revisions ask of their candidates, and returns what they say of each, in order. App servers come
 * first, and then all pids in one look. What `before` shows is not looked at again, and its clock stays; without it the
 * whole world is looked at.
 */
async function lookAndRevise(
  pass: LookingPass,
  placed: readonly Placed[],
  before: World | undefined,
): Promise<{ readonly world: World; readonly said: readonly (Revised | undefined)[] }> {
  const questions = placed.map(({ revision, candidate, view, entry }) => ({
    view,
    ...revision.asks(candidate, observationOf(pass, view, entry)),
  }));
  const asked = [];
  for (const view of new Set(placed.map((one) => one.view))) {
    const ofServers = serverQuestions(
      view,
      questions.flatMap(({ view: own, sessions }) => (own === view ? sessions : [])),
    );
    asked.push({ view, ofServers, answers: await askServers(pass.host, ofServers) });
  }
  const pids = new Set(questions.flatMap((one) => one.pids));
  const owners = ownerQuestions(asked.map(({ view }) => view.loaded.target));
  const known = placed[0]?.view.sources ?? noSources;
  const sources =
    before === undefined
      ? await reloadSources(
          pass.host,
          known,
          asked.map(({ view }) => view.loaded),
        )
      : known;
  const sessions = new Set(
    placed.flatMap(({ candidate: { row } }) => (row.claim.sessionId === undefined ? [] : canonicalSession(row.claim.sessionId))),
  );
  const all = new Set([...pids, ...speakingPids(sources, sessions, pass.host.here())]);
  const looked =
    before !== undefined && pids.size === 0
      ? before
      : withWitnesses(pass, sources, await lookAtWorld(pass.host, { pids: all, owners, ...mentionsIn(pass, placed) }), sessions);
  const world = { ...looked, clock: before?.clock ?? looked.clock };
  const time = timekeeping(pass, world);
  const seen = asked.map(({ view, ofServers, answers }): readonly [RegistryView, RegistryView] => {
    const evidence = evidenceOf(world, {
      appServers: withUptimes(pass, answers, ofServers, world),
      endpoints: noEndpoints,
      tmux: noTmux,
      time,
    });
    const { loaded, facts, sought } = view;
    return [view, { loaded, facts, evidence, since: sinceLast(pass, evidence), sought, sources }];
  });
  const views = new Map(seen);
  const said = placed.map(({ revision, candidate, view, entry }) =>
    revision.revise(candidate, observationOf(pass, views.get(view) ?? view, entry)),
  );
  return { world, said };
}

function withRevision(pass: LookingPass, examined: ExaminedRegistry, { revision, candidate }: Placed, revised: Revised): ExaminedEntry {
  const one = examined.entries.at(candidate.row.index);
  const { judgement } = revised;
  const changed = [...one.revisions.map((applied) => applied.revised), revised].findLast(({ change }) => change !== undefined);
  const change = changed?.change ?? changeIn(examined.loaded);
  const intent = intentFor(judgement, one.memory, registryPolicyOf(examined), pass.policy, change);
  return { ...one, judgement, intent, revisions: [...one.revisions, { revision, candidate, revised }] };
}

/** Sees the verdicts of the ladder anew, by one revision after another. */
export async function withRevisions(
  pass: LookingPass,
  examined: readonly ExaminedRegistry[],
  world: World,
): Promise<{ readonly registries: readonly ExaminedRegistry[]; readonly flapping: readonly FlappingIdentity[] }> {
  let registries = examined;
  const loops: FlappingIdentity[] = [];
  for (const revision of revisions) {
    const { candidates, flapping } = revision.candidates(registries.map(judgedRegistry));
    loops.push(...flapping);
    const placed = candidates.flatMap((candidate): readonly Placed[] => {
      const view = registries[candidate.row.registry];
      return view === undefined ? [] : [{ revision, candidate, view, entry: view.loaded.entries.at(candidate.row.index) }];
    });
    if (placed.length === 0) continue;
    const { said } = await lookAndRevise(pass, placed, world);
    registries = registries.map((one) => {
      const changed = new Map<number, ExaminedEntry>();
      for (const [index, revised] of said.entries()) {
        const place = placed[index];
        if (place?.view === one && revised !== undefined) changed.set(place.candidate.row.index, withRevision(pass, one, place, revised));
      }
      return changed.size === 0 ? one : { ...one, entries: one.entries.withChanged(changed) };
    });
  }
  return { registries, flapping: loops };
}

/**
 * Looks once more, in the moment before revised entries of one registry are changed: whether its owner is up, and of
 * which entries the revision still says that they are to be changed.
 */
export async function stillRevised(
  pass: LookingPass,
  view: RegistryView,
  rows: readonly RevisedEntry[],
): Promise<{ readonly ownerUp: boolean; readonly still: ReadonlySet<RevisedEntry> }> {
  const placed = rows.map(({ entry, revisions: applied }) => {
    const changing = applied.find(({ revised }) => revised.change !== undefined);
    if (changing === undefined) throw new TypeError("an entry that a revision is to change was expected");
    return { ...changing, view, entry };
  });
  const { world, said } = await lookAndRevise(pass, placed, undefined);
  const { up } = await findOwner(pass.host, view.loaded.target, world, pass.callers);
  const still = rows.filter((_, index) => said[index]?.change === placed[index]?.revised.change);
  return { ownerUp: up, still: new Set(still) };
}
