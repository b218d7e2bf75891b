import { ageOf } from "../core/age.ts";
import { seen, type Observed } from "../core/evidence.ts";
import { nothingSought } from "../core/agents/mentions/sought.ts";
import { canonicalSession } from "../core/registration.ts";
import { recordedHolder } from "../core/rungs/signs/recorded-holder.ts";
import type { Scene } from "../core/scene.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { ProcessId } from "../host/senses/senses.ts";
import { viewsOf } from "../sweep/judge/questions.ts";
import { sceneOf } from "../sweep/judge/scenes.ts";
import { writtenTextOf } from "../sweep/judge/remembered.ts";
import { loadRegistry } from "../sweep/load/load.ts";
import { isRead } from "../sweep/load/loaded.ts";
import { registryId, type Target } from "../sweep/load/target.ts";
import { findOwner, ownerQuestions } from "../sweep/observe/daemon.ts";
import { lookAtWorld, noMentions } from "../sweep/observe/observe.ts";
import { noSources } from "../sweep/observe/sources.ts";
import { startLooking, type LookingPass, type PassOptions, type RegistryView } from "../sweep/pass.ts";

/** An entry whose recorded process was seen alive as its holder. */
export type Holding = ProcessId & {
  readonly key: string;
  /** Of its bytes as they were written, where they record no start by which its process could be told from a later one. */
  readonly digest: string | undefined;
  /** What its holder leaves matters, for the age of the entry does not say that it is to go. */
  readonly isYoung: boolean;
};

/** What a run that stays up knows of one registry. */
export type Known = {
  readonly target: Target;
  readonly entries: number;
  readonly holdings: readonly Holding[];
  /** The recorded processes and the sessions of all its entries, alive or not. */
  readonly recorded: ReadonlySet<number>;
  readonly sessions: ReadonlySet<string>;
  /** Whether its owner is up, which can be the caller of this run, and as which processes. */
  readonly owner: { readonly up: boolean; readonly pids: readonly number[] };
};

export type Learnt = { readonly known: readonly Known[]; readonly agents: readonly ProcessId[]; readonly complete: Observed<true> };

function isYoung(scene: Scene): boolean {
  const age = ageOf(scene);
  return !age.known || age.ms < scene.policy.graceMs;
}

/** The process that an entry records, if it is seen alive as its holder. */
function holderIn(scene: Scene): ProcessId | undefined {
  const { claim, evidence } = scene;
  const answer = claim.pid === undefined ? undefined : recordedHolder(scene);
  if (claim.pid === undefined || answer?.kind !== "live" || answer.reason !== "pid-alive" || !evidence.processes.seen) return undefined;
  const observation = evidence.processes.value.pids.get(claim.pid);
  if (observation?.seen !== true || observation.value.kind !== "there" || !observation.value.startTicks.seen) return undefined;
  return { pid: claim.pid, startTicks: observation.value.startTicks.value };
}

/** What the entries of a registry claim, and which of their processes hold them. */
export type Claims = Pick<Known, "entries" | "holdings" | "recorded" | "sessions">;

/** What the entries of one registry claim, of those with a recorded pid only the wanted ones. */
export function claimsIn(pass: LookingPass, view: RegistryView, isWanted: (pid: number) => boolean): Claims {
  const { host } = pass;
  const { target, entries } = view.loaded;
  const holdings: Holding[] = [];
  const [recorded, sessions] = [new Set<number>(), new Set<string>()];
  for (const entry of entries) {
    const { claim } = entry;
    if (!claim.ok || entry.duplicate) continue;
    const { pid, sessionId, startTicks } = claim.registration;
    if (pid !== undefined && !isWanted(pid)) continue;
    if (pid !== undefined) recorded.add(pid);
    if (target.appServers.length > 0 && sessionId !== undefined) sessions.add(canonicalSession(sessionId));
    const scene = pid === undefined ? undefined : sceneOf(pass, view, entry, claim);
    const holder = scene && holderIn(scene);
    const digest = startTicks === undefined ? host.digest(writtenTextOf(view.loaded, entry, claim)) : undefined;
    if (scene !== undefined && holder !== undefined) holdings.push({ ...holder, key: entry.key, digest, isYoung: isYoung(scene) });
  }
  return { entries: entries.length, holdings, recorded, sessions };
}

/** Reads these registries, and looks which of the processes that they record are alive. Nothing else is asked. */
export async function learn(host: LookingHost, options: PassOptions, targets: readonly Target[]): Promise<Learnt> {
  const pass = startLooking(host, { ...options, targets });
  const loaded = (await Promise.all(targets.map((target) => loadRegistry(host, target)))).filter(isRead);
  const pids = new Set(loaded.flatMap((one) => [...one.pids]));
  const world = await lookAtWorld(host, { ...noMentions, pids, owners: ownerQuestions(targets) });
  const known: Known[] = [];
  for (const view of viewsOf(pass, world, loaded, { sought: nothingSought, sources: noSources })) {
    const { target } = view.loaded;
    const { up, isCaller, pids: ownerPids } = await findOwner(host, target, world, options.callers);
    known.push({ target, ...claimsIn(pass, view, () => true), owner: { up: up || isCaller, pids: ownerPids } });
  }
  const agents = world.processes.seen ? world.processes.value.agents.map(({ pid, startTicks }) => ({ pid, startTicks })) : [];
  return { known, agents, complete: world.processes.seen ? seen(true) : world.processes };
}

/** What tells a registry from others, as the endings of its entries are filed. */
export const idOf = ({ target }: Known): string => registryId(target);
