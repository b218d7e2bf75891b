import type { Candidate, Revised, Revision, Observation } from "../../core/revisions/revision.ts";
import { canonicalSession } from "../../core/registration.ts";
import { containerOf, userOf, type Entry } from "../load/loaded.ts";
import { ownerQuestions } from "../observe/daemon.ts";
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
import { noEndpoints, noTmux, sameMentions } from "./questions.ts";
import { sceneOf } from "./scenes.ts";

/** A candidate of a revision, and the entry that it is. */
export type Placed = { readonly revision: Revision; readonly candidate: Candidate; readonly view: RegistryView; readonly entry: Entry };

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
export async function lookAndRevise(
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
