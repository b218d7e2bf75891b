import { seen, type AppServerObservation, type EndpointObservation, type Evidence } from "../../core/evidence.ts";
import { type Endpoint, endpointName } from "../../core/registration.ts";
import { isLastResort, judge, passesGates, strongestEvidence } from "../../core/ladder.ts";
import { idsOf, soughtAmong, type Sought } from "../../core/agents/mentions/sought.ts";
import type { ProgramLists } from "../../core/agents/programs.ts";
import type { Scene } from "../../core/scene.ts";
import type { Policy } from "../../core/policy.ts";
import { type LookingPass, type RegistryView, sinceLast, timekeeping } from "../pass.ts";
import type { ExaminedRegistry } from "./examined.ts";
import { eachClaim, factsOf, sceneOf } from "./scenes.ts";
import { userOf, type Entry, type ReadRegistry } from "../load/loaded.ts";
import { heldPids } from "../load/pids.ts";
import type { ServerTarget } from "../load/target.ts";
import { type Questions, type World, askServers, evidenceOf, withUptimes } from "../observe/observe.ts";
import type { Sources } from "../observe/sources.ts";
import { speakingPids } from "../observe/witnesses.ts";

export const noServers: Evidence["appServers"] = new Map();
export const noEndpoints: Evidence["endpoints"] = new Map();
export const noTmux: Evidence["tmux"] = new Map();

/** The registries as far as one look at the processes shows them: no server and no endpoint has been asked. */
export function viewsOf(
  pass: LookingPass,
  world: World,
  read: readonly ReadRegistry[],
  { sought, sources }: Pick<RegistryView, "sought" | "sources">,
): readonly RegistryView[] {
  const evidence = evidenceOf(world, { appServers: noServers, endpoints: noEndpoints, tmux: noTmux, time: timekeeping(pass, world) });
  const since = sinceLast(pass, world);
  return read.map((loaded) => ({ loaded, facts: factsOf(loaded, world, pass.memory), evidence, since, sought, sources }));
}

/** The pids to look at. Those of one registry are not copied where nothing is to be added: they can be hundreds of thousands. */
export function allPids({ host, memory }: LookingPass, read: readonly ReadRegistry[], sources: Sources): ReadonlySet<number> {
  const here = host.here();
  const judged = new Set<unknown>(read);
  const others = { ...sources, loaded: sources.loaded.filter((one) => !judged.has(one)) };
  const more = [...read.flatMap(({ target }) => [...heldPids(memory, target, here)]), ...speakingPids(others, undefined, here)];
  const [only, ...rest] = read;
  if (only !== undefined && rest.length + more.length === 0) return only.pids;
  return new Set([...read.flatMap(({ pids }) => [...pids]), ...more]);
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

/** The agents to look for, those among them that a configuration names as holders of a registry. */
export function programsOf({ programs }: Policy, read: readonly ReadRegistry[]): ProgramLists {
  const holders = read.flatMap(({ target: { format } }) => (format.declaredFields === undefined ? [] : (format.holderNames ?? [])));
  return holders.length === 0 ? programs : { ...programs, declared: [...programs.declared, ...holders] };
}

/** The same mentions that a view was judged by: ids, programs, and whose open files were looked at. */
export function sameMentions(
  { loaded, sought, evidence: { mentions } }: RegistryView,
  policy: Policy,
): Pick<Questions, "sought" | "programs" | "files"> {
  return { sought, programs: programsOf(policy, [loaded]), files: mentions.seen ? mentions.value.files : "agents" };
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
  const asked = new Map<string, { readonly server: ServerTarget; readonly ids: readonly string[]; readonly users: Set<number> }>();
  for (const view of views) {
    const servers = view.loaded.target.appServers;
    if (servers.length === 0) continue;
    const open = openIds(
      scenesOf(pass, view),
      servers.some(({ configured }) => configured),
    );
    if (open.length === 0) continue;
    for (const server of servers) {
      const { ids, users } = asked.get(server.url) ?? { ids: [], users: new Set<number>() };
      asked.set(server.url, { server, ids: server.configured ? [...ids, ...open] : ids, users: users.add(userOf(view.loaded)) });
    }
  }
  return withUptimes(pass, await askServers(pass.host, asked), asked, world);
}

/** An endpoint at which nothing is, for the question whether it matters what is there. */
const nothingThere: EndpointObservation = { kind: "refused", listens: seen(false), network: seen(true) };

/** The endpoint of an entry that would go if nothing were there, and only then; of any other it need not be known. */
function endpointThatMatters(scene: Scene): Endpoint | undefined {
  const { endpoint } = scene.claim;
  if (endpoint === undefined) return undefined;
  const goesBy = (endpoints: Evidence["endpoints"]): boolean =>
    judge({ ...scene, evidence: { ...scene.evidence, endpoints } }).verdict === "ghost";
  return goesBy(new Map([[endpointName(endpoint), nothingThere]])) && !goesBy(noEndpoints) ? endpoint : undefined;
}

/** Entries that may name endpoints: no format with many entries in one file has them, and most formats do not have them in names. */
function mayNameEndpoints({ loaded }: RegistryView): Iterable<Entry> {
  if (loaded.kind !== "files") return [];
  const { format } = loaded.target;
  const inNames = format.layout === "files" && format.patterns.some((pattern) => pattern.includes("<port>"));
  return inNames ? loaded.entries : loaded.opened;
}

/** Endpoints are asked only where an entry hangs on them, and sockets only of the user to whom its registry belongs. */
export async function seeEndpoints(pass: LookingPass, views: readonly RegistryView[]): Promise<ReadonlyMap<string, EndpointObservation>> {
  const endpoints = new Map<string, { readonly endpoint: Endpoint; readonly user: number }>();
  for (const view of views) {
    for (const entry of mayNameEndpoints(view)) {
      const { claim } = entry;
      if (!claim.ok || claim.registration.endpoint === undefined) continue;
      const endpoint = endpointThatMatters(sceneOf(pass, view, entry, claim));
      if (endpoint !== undefined) endpoints.set(endpointName(endpoint), { endpoint, user: userOf(view.loaded) });
    }
  }
  const answers = [...endpoints].map(async ([name, { endpoint, user }]) => [name, await pass.host.probeEndpoint(endpoint, user)] as const);
  return new Map(await Promise.all(answers));
}

/** The endpoints of some entries once more, of those that were asked before. */
export async function seeEndpointsAgain(
  { host }: LookingPass,
  { loaded, evidence: { endpoints: before } }: RegistryView,
  entries: Iterable<Entry>,
): Promise<ReadonlyMap<string, EndpointObservation>> {
  if (before.size === 0) return before;
  const now = new Map(before);
  for (const { endpoint } of eachClaim(entries)) {
    const name = endpoint === undefined ? undefined : endpointName(endpoint);
    if (endpoint !== undefined && name !== undefined && before.has(name)) now.set(name, await host.probeEndpoint(endpoint, userOf(loaded)));
  }
  return now;
}

type Judged = { readonly evidence: Evidence; readonly registries: readonly ExaminedRegistry[] };

/** Whether an entry stays only because the clock may be wrong: then the kernel is asked whether it is set by a better one. */
export function anyAwaitsClock({ evidence, registries }: Judged, policy: Policy): boolean {
  if (evidence.time.settled.seen) return false;
  return registries.some(({ entries }) => {
    if (entries.verdicts.undecided === 0) return false;
    for (const { judgement } of entries)
      if (judgement.verdict === "undecided" && isLastResort(judgement) && (judgement.ageMs ?? 0) > policy.ttlMs) return true;
    return false;
  });
}
