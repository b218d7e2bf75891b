import { refusal, tokensDrifted } from "../core/doubt.ts";
import type { AppServerSight, EndpointSight, Evidence } from "../core/evidence.ts";
import { endpointName } from "../core/endpoint.ts";
import type { HostLockVerdict } from "../core/host-lock.ts";
import type { Since } from "../core/memory.ts";
import { intentFor, type Intent, type Standing } from "../core/plan.ts";
import type { Policy } from "../core/policy.ts";
import type { Endpoint } from "../core/registration.ts";
import { attachedProcess } from "../core/rungs/attached-process.ts";
import { grace } from "../core/rungs/grace.ts";
import type { RegistryFacts, Scene } from "../core/scene.ts";
import type { Host } from "../host/host.ts";
import { drift, tokenChecks } from "./drift.ts";
import { eachClaim, factsOf, judgeEntry, sceneOf, sinceLast, type Court, type Judged } from "./judge.ts";
import { withHostLocks } from "./host-locks.ts";
import { loadRegistry } from "./load.ts";
import { ownerUid, type Loaded, type ReadRegistry } from "./loaded.ts";
import { askServers, codexHomesFor, evidenceOf, lookAtLocks, lookAtWorld, unlookedWorld, type World } from "./observe.ts";
import { findOwner, ownerQuestions, type OwnerSight } from "./owner.ts";
import { withPhantoms } from "./phantoms.ts";
import { sayFlapping, withSuperseded, type FlappingIdentity } from "./superseded.ts";
import type { ServerTarget, Target } from "./target.ts";

export type ExamineOptions = {
  readonly targets: readonly Target[];
  readonly policy: Policy;
  readonly codexHomes: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Look at the world even if every entry is young: for commands that show each rung's answer. */
  readonly lookAnyway: boolean;
};

export type ExaminedEntry = Judged & {
  readonly intent: Intent;
  /** The session that a registry written by the holders themselves names for the same process, if it is another. */
  readonly phantomOf: string | undefined;
  /** Whether a lock under another host's name can be one that this machine has left. */
  readonly hostLock?: HostLockVerdict;
};

export type Examined = {
  readonly loaded: ReadRegistry;
  readonly facts: RegistryFacts;
  readonly owner: OwnerSight;
  readonly reportOnly: string | undefined;
  /** Its writer's notion of a start token changed: nothing there can be judged, and somebody must look. */
  readonly drifted: boolean;
  readonly entries: readonly ExaminedEntry[];
};

/** Everything that a sweep knows before it writes anything. */
export type Examination = {
  readonly court: Court;
  readonly evidence: Evidence;
  readonly since: Since;
  readonly refusal: string | undefined;
  readonly warnings: readonly string[];
  readonly unread: readonly Exclude<Loaded, ReadRegistry>[];
  readonly registries: readonly Examined[];
  readonly flapping: readonly FlappingIdentity[];
};

function isRead(loaded: Loaded): loaded is ReadRegistry {
  return loaded.state === "read";
}

type Draft = { readonly loaded: ReadRegistry; readonly facts: RegistryFacts };

const noServers: Evidence["appServers"] = new Map();
const noEndpoints: Evidence["endpoints"] = new Map();

/** Scenes of the entries that can be understood, with whatever has been seen so far, one at a time. */
function* scenesOf(court: Court, { loaded, facts }: Draft, evidence: Evidence, from: Since): Generator<Scene, undefined> {
  for (const entry of loaded.entries) {
    const { claim } = entry;
    if (claim.ok) yield sceneOf(court, loaded, entry, facts, evidence, from, claim);
  }
}

const isOld = (scene: Scene): boolean => grace.ask(scene).kind === "not-applicable";

/** Can anything be a ghost at all, whatever the world looks like? */
function anythingOld(court: Court, drafts: readonly Draft[], world: World): boolean {
  const evidence = evidenceOf(world, noServers, noEndpoints);
  const from = sinceLast(court, world);
  for (const draft of drafts) for (const scene of scenesOf(court, draft, evidence, from)) if (isOld(scene)) return true;
  return false;
}

/** Ids of the threads that hang on an app server: all of them, or the first where none is asked by its id. */
function openIds(scenes: Iterable<Scene>, all: boolean): readonly string[] {
  const ids: string[] = [];
  for (const scene of scenes) {
    const { sessionId } = scene.claim;
    if (sessionId === undefined || !isOld(scene) || attachedProcess.ask(scene).kind === "live") continue;
    ids.push(sessionId);
    if (!all) break;
  }
  return ids;
}

/** Servers are asked only when an entry hangs on them, and by id only when they may condemn. */
async function seeServers(host: Host, court: Court, drafts: readonly Draft[], world: World): Promise<ReadonlyMap<string, AppServerSight>> {
  const evidence = evidenceOf(world, noServers, noEndpoints);
  const from = sinceLast(court, world);
  const asked = new Map<string, { readonly server: ServerTarget; readonly ids: readonly string[] }>();
  for (const draft of drafts) {
    const servers = draft.loaded.target.appServers;
    if (servers.length === 0) continue;
    const open = openIds(
      scenesOf(court, draft, evidence, from),
      servers.some(({ configured }) => configured),
    );
    if (open.length === 0) continue;
    for (const server of servers) {
      const ids = asked.get(server.url)?.ids ?? [];
      asked.set(server.url, { server, ids: server.configured ? [...ids, ...open] : ids });
    }
  }
  return askServers(host, world, court.memory, asked);
}

async function seeEndpoints(host: Host, drafts: readonly Draft[]): Promise<ReadonlyMap<string, EndpointSight>> {
  const endpoints = new Map<string, Endpoint>();
  for (const { loaded } of drafts) {
    // No format with many entries in one file names endpoints.
    if (loaded.kind === "members") continue;
    for (const { endpoint } of eachClaim(loaded.entries)) if (endpoint !== undefined) endpoints.set(endpointName(endpoint), endpoint);
  }
  return new Map(await Promise.all([...endpoints].map(async ([name, endpoint]) => [name, await host.probeEndpoint(endpoint)] as const)));
}

function reportOnlyReasonOf(host: Host, loaded: ReadRegistry): string | undefined {
  return loaded.kind === "members"
    ? host.reportOnlyReason(loaded.file.realPath, loaded.file.stat)
    : host.reportOnlyReason(loaded.realPath, loaded.stat);
}

/** Where no entry is old enough to be judged nothing can be reaped, so nobody asks whether an owner would mind. */
const unaskedOwner: OwnerSight = { up: false, pids: [], why: undefined };

/** Most entries of a large registry say the same few sentences: each is kept once. */
function oneOf(kept: Map<string, string>, text: string): string {
  const before = kept.get(text);
  if (before !== undefined) return before;
  kept.set(text, text);
  return text;
}

async function examineRegistry(
  host: Host,
  court: Court,
  draft: Draft,
  world: World,
  evidence: Evidence,
  from: Since,
  looked: boolean,
): Promise<Examined> {
  const { loaded, facts } = draft;
  const drifted = tokensDrifted(tokenChecks(loaded, facts, world));
  const reportOnly = drifted ? drift : reportOnlyReasonOf(host, loaded);
  const owner = looked ? await findOwner(host, loaded.target.owner, world) : unaskedOwner;
  const standing: Standing = { ownerUp: owner.up, releasable: loaded.target.release !== undefined, reportOnly };
  const details = new Map<string, string>();
  const entries = loaded.entries.map((entry): ExaminedEntry => {
    const { judgement, memory, sessionId, timed } = judgeEntry(court, loaded, entry, facts, evidence, from);
    const intent = intentFor(judgement, memory, standing, court.policy);
    return {
      entry,
      sessionId,
      timed,
      judgement: { ...judgement, detail: oneOf(details, judgement.detail) },
      memory,
      intent,
      phantomOf: undefined,
    };
  });
  return { loaded, facts, owner, reportOnly, drifted, entries };
}

/**
 * Reads every claim, then looks at the world once, then judges. Writes nothing: a dry run is this and a report, a
 * sweep is this and carrying it out.
 */
export async function examine(host: Host, options: ExamineOptions): Promise<Examination> {
  const { memory, problem } = host.store.loadMemory();
  const court: Court = { host, memory, policy: options.policy };
  const loaded = await Promise.all(options.targets.map((target) => loadRegistry(host, target)));
  const read = loaded.filter(isRead);
  const unlooked = unlookedWorld(host);
  const blindDrafts = read.map((registry) => ({ loaded: registry, facts: factsOf(registry, unlooked, lookAtLocks(host, unlooked, [])) }));
  const mustLook = options.lookAnyway || anythingOld(court, blindDrafts, unlooked);
  const pids = new Set(read.flatMap((registry) => [...registry.pids]));
  const world = mustLook ? await lookAtWorld(host, { pids, owners: ownerQuestions(options.targets) }) : unlooked;
  const drafts = read.map((registry) => {
    const homes = codexHomesFor(host, registry.target, ownerUid(registry), options.codexHomes, options.env);
    return { loaded: registry, facts: factsOf(registry, world, lookAtLocks(host, world, homes)) };
  });
  const appServers = mustLook ? await seeServers(host, court, drafts, world) : noServers;
  const endpoints = mustLook ? await seeEndpoints(host, drafts) : noEndpoints;
  const evidence = evidenceOf(world, appServers, endpoints);
  const from = sinceLast(court, evidence);
  const registries: Examined[] = [];
  for (const draft of drafts) registries.push(await examineRegistry(host, court, draft, world, evidence, from, mustLook));
  const superseded = await withSuperseded(host, court, registries, world);
  return {
    court,
    evidence,
    since: from,
    refusal: mustLook ? refusal(host.selfTest(), options.policy) : undefined,
    warnings: [...(problem === undefined ? [] : [problem]), ...superseded.flapping.map(sayFlapping)],
    flapping: superseded.flapping,
    unread: loaded.filter((registry) => !isRead(registry)),
    registries: withPhantoms(await withHostLocks(host, court, superseded.registries, evidence), evidence),
  };
}
