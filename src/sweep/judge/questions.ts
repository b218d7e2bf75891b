import type { AppServerObservation, EndpointObservation, Evidence } from "../../core/evidence.ts";
import { type Endpoint, endpointName } from "../../core/registration.ts";
import { passesGates, strongestEvidence } from "../../core/ladder.ts";
import { idsOf, soughtAmong, type Sought } from "../../core/agents/mentions.ts";
import type { Scene } from "../../core/scene.ts";
import type { Policy } from "../../core/policy.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { type LookingPass, type RegistryView, sinceLast, timekeeping } from "../pass.ts";
import { eachClaim, factsOf, sceneOf } from "./scenes.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { ServerTarget } from "../load/target.ts";
import { type Questions, type World, askServers, evidenceOf, withUptimes } from "../observe/observe.ts";

export const noServers: Evidence["appServers"] = new Map();
export const noEndpoints: Evidence["endpoints"] = new Map();

/** The registries as far as one look at the processes shows them: no server and no endpoint has been asked. */
export function viewsOf(
  pass: LookingPass,
  world: World,
  read: readonly ReadRegistry[],
  { sought, sources }: Pick<RegistryView, "sought" | "sources">,
): readonly RegistryView[] {
  const evidence = evidenceOf(world, { appServers: noServers, endpoints: noEndpoints, time: timekeeping(pass, world) });
  const since = sinceLast(pass, world);
  return read.map((loaded) => ({ loaded, facts: factsOf(loaded, world, pass.memory), evidence, since, sought, sources }));
}

/** Every id that an entry claims and a process may carry, and the words with which agents state their names. */
export function soughtIn(read: readonly ReadRegistry[]): Sought {
  function* ids(): Generator<string, undefined> {
    for (const { target, entries } of read) for (const claim of eachClaim(entries)) yield* idsOf(claim, target.format);
  }
  return soughtAmong(
    ids(),
    read.flatMap(({ target }) => target.format.statedBehind ?? []),
  );
}

/** The same mentions that a view was judged by: ids, programs, and whose open files were looked at. */
export function sameMentions(
  { sought, evidence: { mentions } }: RegistryView,
  { programs }: Policy,
): Pick<Questions, "sought" | "programs" | "files"> {
  return { sought, programs, files: mentions.seen ? mentions.value.files : "agents" };
}

/** Scenes of the entries that can be understood, with what has been seen so far, one at a time. */
function* scenesOf(pass: LookingPass, view: RegistryView): Generator<Scene, undefined> {
  for (const entry of view.loaded.entries) {
    const { claim } = entry;
    if (claim.ok) yield sceneOf(pass, view, entry, claim);
  }
}

/** Whether any entry is old enough to be a ghost. */
export function anythingOld(pass: LookingPass, views: readonly RegistryView[]): boolean {
  for (const view of views) for (const scene of scenesOf(pass, view)) if (passesGates(scene)) return true;
  return false;
}

/** Ids of the threads that hang on an app server: all of them, or the first where none is asked by its id. */
function openIds(scenes: Iterable<Scene>, all: boolean): readonly string[] {
  const ids: string[] = [];
  for (const scene of scenes) {
    const { sessionId } = scene.claim;
    if (sessionId === undefined || !passesGates(scene) || strongestEvidence(scene).kind === "live") continue;
    ids.push(sessionId);
    if (!all) break;
  }
  return ids;
}

/** Servers are asked only when an entry hangs on them, and by id only when they may condemn. */
export async function seeServers(
  pass: LookingPass,
  views: readonly RegistryView[],
  world: World,
): Promise<ReadonlyMap<string, AppServerObservation>> {
  const asked = new Map<string, { readonly server: ServerTarget; readonly ids: readonly string[] }>();
  for (const view of views) {
    const servers = view.loaded.target.appServers;
    if (servers.length === 0) continue;
    const open = openIds(
      scenesOf(pass, view),
      servers.some(({ configured }) => configured),
    );
    if (open.length === 0) continue;
    for (const server of servers) {
      const ids = asked.get(server.url)?.ids ?? [];
      asked.set(server.url, { server, ids: server.configured ? [...ids, ...open] : ids });
    }
  }
  return withUptimes(pass, await askServers(pass.host, asked), asked, world);
}

export async function seeEndpoints(host: LookingHost, views: readonly RegistryView[]): Promise<ReadonlyMap<string, EndpointObservation>> {
  const endpoints = new Map<string, Endpoint>();
  for (const { loaded } of views) {
    // No format with many entries in one file names endpoints.
    if (loaded.kind === "members") continue;
    const { format } = loaded.target;
    const inNames = format.layout === "files" && format.patterns.some((pattern) => pattern.includes("<port>"));
    for (const { endpoint } of eachClaim(inNames ? loaded.entries : loaded.opened))
      if (endpoint !== undefined) endpoints.set(endpointName(endpoint), endpoint);
  }
  return new Map(await Promise.all([...endpoints].map(async ([name, endpoint]) => [name, await host.probeEndpoint(endpoint)] as const)));
}
