import { isDeepStrictEqual } from "node:util";
import type { Evidence } from "../../core/evidence.ts";
import { judge } from "../../core/ladder.ts";
import { canonicalSession } from "../../core/registration.ts";
import type { RegistryFacts } from "../../core/scene.ts";
import type { LookingPass, RegistryView } from "../pass.ts";
import type { RevisedEntry } from "../judge/examined.ts";
import { sameMentions, seeEndpointsAgain } from "../judge/questions.ts";
import { stillRevised } from "../judge/revise.ts";
import { seeTmux } from "../judge/tmux.ts";
import { claimsOf, eachClaim, sceneOf } from "../judge/scenes.ts";
import { filesOf } from "../load/entry-files.ts";
import { userOf, type Entry, type ReadRegistry } from "../load/loaded.ts";
import { heldPids, pidsOf } from "../load/pids.ts";
import { notDone, type NotDone } from "./outcome.ts";
import { findOwner, ownerQuestions } from "../observe/daemon.ts";
import { type ServerQuestions, askServers, evidenceOf, lookAtWorld, withLocks, withUptimes } from "../observe/observe.ts";
import { reloadSources } from "../observe/sources.ts";
import { speakingPids, withWitnesses } from "../observe/witnesses.ts";

/** What was seen right before a change: why all entries have to stay, and the keys of those that are no ghosts any more. */
export type LastLook = { readonly allStay: NotDone | undefined; readonly back: ReadonlySet<string> };

/** Says why each of these entries has to stay after a last look; undefined where it need not. */
export function answersOf<E>(
  { allStay, back }: LastLook,
  entries: readonly E[],
  keyOf: (entry: E) => string,
  cameBack: string,
): readonly (NotDone | undefined)[] {
  const isBack = notDone("skipped", cameBack);
  return entries.map((entry) => allStay ?? (back.size > 0 && back.has(keyOf(entry)) ? isBack : undefined));
}

const ownerCameUp = notDone("withheld", "its owner came up");

/** The sessions that entries name, in their canonical spelling. */
function sessionsOf(entries: Iterable<Entry>): ReadonlySet<string> {
  const sessions = new Set<string>();
  for (const { sessionId } of eachClaim(entries)) if (sessionId !== undefined) sessions.add(canonicalSession(sessionId));
  return sessions;
}

/** What the servers are asked again: a thread may have been loaded since it was condemned, and no process shows that. */
function serversToAsk(loaded: ReadRegistry, entries: Iterable<Entry>, sessions: ReadonlySet<string>): ServerQuestions {
  const { target } = loaded;
  const users = new Set([userOf(loaded)]);
  if (target.appServers.length === 0 || sessions.size === 0) return new Map();
  const isConfigured = target.appServers.some(({ configured }) => configured);
  const ids = isConfigured ? claimsOf(entries).flatMap(({ sessionId }) => sessionId ?? []) : [];
  return new Map(target.appServers.map((server) => [server.url, { server, users, ids: server.configured ? ids : [] }] as const));
}

/**
 * Looks at the world once more, in the moment before ghosts go. Each of them is judged by what is seen now, unless that
 * is what was seen when it was condemned.
 */
export async function lastLook(pass: LookingPass, view: RegistryView, entries: Iterable<Entry>): Promise<LastLook> {
  const { host } = pass;
  const { loaded, evidence: before } = view;
  const { target } = loaded;
  const { format } = target;
  const recorded = format.layout === "members" && !format.recordsPids ? new Set<number>() : pidsOf(entries, before.here);
  const sessions = sessionsOf(entries);
  const isOfSessions = sessions.size > 0 && format.about !== "process";
  const sources = isOfSessions ? await reloadSources(host, view.sources, [loaded]) : view.sources;
  const speaking = speakingPids(sources, sessions, before.here);
  const pids = new Set([...recorded, ...heldPids(pass.memory, target, before.here), ...speaking]);
  const asked = serversToAsk(loaded, entries, sessions);
  const answers = asked.size === 0 ? before.appServers : await askServers(host, asked);
  const endpoints = await seeEndpointsAgain(pass, view, entries);
  const tmux = before.tmux.size === 0 ? before.tmux : await seeTmux(pass, [{ view, entries }]);
  // The processes last, as close to the swap as can be.
  const looked = await lookAtWorld(host, { pids, owners: ownerQuestions([target]), ...sameMentions(view, pass.policy) });
  const locked = loaded.kind === "files" ? withLocks(host, looked, filesOf(loaded, entries)) : looked;
  const world = withWitnesses(pass, sources, locked, sessions);
  const { up } = await findOwner(host, target, world, pass.callers);
  const appServers = asked.size === 0 ? answers : withUptimes(pass, answers, asked, world);
  const now = {
    ...view,
    evidence: evidenceOf({ ...world, clock: before.clock }, { ...before, appServers, endpoints, tmux }),
  };
  const back = new Set<string>();
  for (const entry of isSameLook(view, now) ? [] : entries) {
    const { claim } = entry;
    if (!claim.ok || judge(sceneOf(pass, now, entry, claim)).verdict !== "ghost") back.add(entry.key);
  }
  return { allStay: up ? ownerCameUp : undefined, back };
}

/** The same before entries are changed that a revision condemned: of which of them it says no such thing any more. */
export async function lookAtRevised(pass: LookingPass, view: RegistryView, rows: readonly RevisedEntry[]): Promise<LastLook> {
  const { ownerUp, still } = await stillRevised(pass, view, rows);
  const back = rows.filter((one) => !still.has(one)).map(({ entry }) => entry.key);
  return { allStay: ownerUp ? ownerCameUp : undefined, back: new Set(back) };
}

/** All that the ladder is told beside an entry and what is remembered of it. */
export type LookResult = { readonly evidence: Evidence; readonly facts: RegistryFacts };

/**
 * Whether two looks saw the very same. The ladder is pure (the compiler holds that), so equal looks lead to equal
 * judgements. An unequal pair costs one more judgement of each entry.
 */
export function isSameLook(before: LookResult, now: LookResult): boolean {
  return isDeepStrictEqual(before.evidence, now.evidence) && isDeepStrictEqual(before.facts, now.facts);
}
