import { registeredBy, type Witness } from "../../core/agents/registered.ts";
import type { Here, ProcessTable } from "../../core/evidence.ts";
import type { UnreadRecords } from "../../core/agents/registered-sessions.ts";
import { canonicalSession, type Registration } from "../../core/registration.ts";
import { factsOf } from "../judge/scenes.ts";
import type { UnderstoodClaim } from "../judge/remembered.ts";
import { isRead, keptAtMost, type ReadRegistry } from "../load/loaded.ts";
import { mayBeElsewhere, probedPid } from "../load/pids.ts";
import { registryId } from "../load/target.ts";
import type { LookingPass } from "../pass.ts";
import type { World } from "./observe.ts";
import type { Sources } from "./sources.ts";

/** The sessions, in their canonical spelling, that are asked about; undefined for all. */
export type Sessions = ReadonlySet<string> | undefined;

/** One process that an entry records: of an entry that records two, each speaks for itself. */
type Speaker = {
  readonly loaded: ReadRegistry;
  readonly key: string;
  readonly claim: UnderstoodClaim;
  readonly registration: Registration;
  readonly pid: number;
};

const holdersIn = ({ registration, otherHolder }: UnderstoodClaim): readonly Registration[] =>
  otherHolder === undefined ? [registration] : [registration, { ...registration, ...otherHolder }];

/** Entries that record a process, and name a session or are torn. Of a large registry only those of the sessions that are asked about. */
function* speakersIn(loaded: ReadRegistry, sessions: Sessions): Generator<Speaker, undefined> {
  const asked = loaded.entries.length > keptAtMost ? sessions : undefined;
  if (loaded.pids.size === 0 && !loaded.elsewhere) return;
  for (const { key, claim } of loaded.kind === "files" ? loaded.opened : loaded.entries) {
    if (!claim.ok) continue;
    const { sessionId } = claim.registration;
    const isAsked = claim.torn || (sessionId !== undefined && asked?.has(canonicalSession(sessionId)) !== false);
    for (const registration of isAsked ? holdersIn(claim) : [])
      if (registration.pid !== undefined) yield { loaded, key, claim, registration, pid: registration.pid };
  }
}

/** The pids that have to be looked at before what the entries say counts. */
export function speakingPids({ loaded }: Sources, sessions: Sessions, here: Here): readonly number[] {
  const read = loaded.filter(isRead);
  if (sessions === undefined) return read.flatMap(({ pids }) => [...pids]);
  return read.flatMap((one) => [...speakersIn(one, sessions)].flatMap(({ registration }) => probedPid(registration, here) ?? []));
}

const placeOf = ({ target, kind }: ReadRegistry, key: string): string =>
  kind === "files" ? `${target.path}/${key}` : `${key} in ${target.path}`;

/** Gone from here, and in no container. */
function isGone({ pids, innerPids }: ProcessTable, pid: number): boolean {
  const observation = pids.get(pid);
  return observation?.seen === true && observation.value.kind === "gone" && innerPids.seen && !innerPids.value.has(pid);
}

function* witnessesIn(loaded: ReadRegistry, sessions: Sessions, world: World, pass: LookingPass): Generator<Witness, undefined> {
  const { processes, here } = world;
  if (!processes.seen || (!loaded.elsewhere && [...loaded.pids].every((pid) => isGone(processes.value, pid)))) return;
  const registry = factsOf(loaded, world, pass.memory);
  for (const { key, claim, registration, pid } of speakersIn(loaded, sessions)) {
    const isSilent = claim.torn || (!mayBeElsewhere(registration, here) && isGone(processes.value, pid));
    if (!isSilent) yield { claim: registration, registry, where: placeOf(loaded, key) };
  }
}

/** What keeps the records in one place from being read whole: the place itself, a part of it, or a record of a live process. */
function unreadPart(loaded: ReadRegistry, { processes }: World): string | undefined {
  if (loaded.kind !== "files") return undefined;
  const [problem] = loaded.problems;
  if (problem !== undefined) return problem;
  for (const { key, claim, place } of loaded.opened) {
    const { pid } = claim.ok && claim.torn ? claim.registration : {};
    if (pid !== undefined && processes.seen && !isGone(processes.value, pid)) return `${placeOf(loaded, key)} of pid ${pid} is torn`;
    if (!claim.ok && place.kind === "file" && place.bytes === undefined) return `${placeOf(loaded, key)} ${claim.problem}`;
  }
  return undefined;
}

/** Nothing is hidden of a user who runs no agent, but of those whose the registries are. */
function* unreadIn({ loaded, users, homeless, owners }: Sources, world: World): Generator<UnreadRecords, undefined> {
  const { processes } = world;
  const counts = (uid: number): boolean => owners.has(uid) || !processes.seen || processes.value.agents.some((agent) => agent.uid === uid);
  for (const uid of homeless) if (counts(uid)) yield { uid, why: `the home of user ${uid} is not known` };
  for (const one of loaded) {
    const uid = users.get(registryId(one.target));
    if (uid === undefined || one.state === "missing" || !counts(uid)) continue;
    const why = isRead(one) ? unreadPart(one, world) : `${one.target.path} ${one.problem}`;
    if (why !== undefined) yield { uid, why };
  }
}

/** The same world, with what registrations say in it. */
export function withWitnesses(pass: LookingPass, sources: Sources, world: World, sessions?: Sessions): World {
  const all = sources.loaded.filter(isRead).flatMap((one) => [...witnessesIn(one, sessions, world, pass)]);
  return { ...world, registered: registeredBy({ all, unread: [...unreadIn(sources, world)] }, world, pass.policy) };
}
