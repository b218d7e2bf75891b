import { formatDuration } from "../../core/duration.ts";
import type { Evidence } from "../../core/evidence.ts";
import type { Flapping } from "../../core/revisions/flapping.ts";
import { intentFor } from "../../core/plan.ts";
import { isGated, strongestEvidence } from "../../core/ladder.ts";
import { supersededRows, type StartRow } from "../../core/revisions/superseded.ts";
import { registryPolicyOf, type ExaminedRegistry, type ExaminedEntry } from "./examined.ts";
import type { Pass, RegistryView } from "../pass.ts";
import { sceneOf } from "./scenes.ts";
import { askServers, withUptimes, evidenceOf, type World } from "../observe/observe.ts";

/** An identity in a re-register loop, of which nothing is superseded. */
export type FlappingIdentity = Flapping & { readonly registry: string; readonly identity: string };

/** Rows without a name of their own stand for the process that wrote them. */
function startRow({ entry }: ExaminedEntry): readonly StartRow[] {
  const { claim, key, duplicate } = entry;
  if (!claim.ok || claim.torn || duplicate || claim.registration.sessionId === undefined) return [];
  const { sessionId, identity, pid, startTicks, bootId, subprocessId, registeredAt, releasedAt, releaseReason, automatic } =
    claim.registration;
  return [
    {
      key,
      identity: identity ?? subprocessId ?? `${pid} ${startTicks} ${bootId}`,
      sessionId,
      pid,
      startTicks,
      bootId,
      subprocessId,
      registeredAt,
      releasedAt,
      releaseReason,
      automatic: automatic === true,
    },
  ];
}

/** Young ones, ghosts and what an operator put back are left to the ladder. */
function isOpen({ judgement }: ExaminedEntry): boolean {
  return judgement.verdict !== "ghost" && !isGated(judgement) && judgement.reason !== "restored";
}

/**
 * Does the session show anywhere but in the process that registered it? Its pid says nothing any more, and neither does
 * the agent's name: both are those of its successor. What could not be looked at counts as a sign.
 */
export function shownElsewhere(pass: Pass, view: RegistryView, { entry }: ExaminedEntry): boolean {
  const { claim } = entry;
  if (!claim.ok) return true;
  const bare = { ...claim.registration, pid: undefined, startTicks: undefined, identity: undefined };
  const { kind } = strongestEvidence(sceneOf(pass, view, entry, { ...claim, registration: bare }));
  return kind === "live" || kind === "unknown";
}

/** Servers are asked for the threads of whatever is about to be superseded: a process that holds them kept them unasked. */
export async function askFor(
  pass: Pass,
  { loaded }: RegistryView,
  rows: readonly ExaminedEntry[],
  world: World,
): Promise<Evidence["appServers"]> {
  const ids = rows.flatMap(({ sessionId }) => sessionId ?? []);
  const { appServers } = loaded.target;
  if (ids.length === 0 || appServers.length === 0) return new Map();
  const asked = new Map(appServers.map((server) => [server.url, { server, ids }] as const));
  return withUptimes(pass, await askServers(pass.host, asked), asked, world);
}

async function supersedeIn(
  pass: Pass,
  examined: ExaminedRegistry,
  world: World,
): Promise<{ readonly examined: ExaminedRegistry; readonly flapping: readonly FlappingIdentity[] }> {
  const { loaded, entries } = examined;
  const { releases, flapping } = supersededRows([...entries].flatMap(startRow));
  const said = [...flapping].map(([identity, loop]) => ({ registry: loaded.target.path, identity, ...loop }));
  const byKey = new Map(releases.map((release) => [release.key, release]));
  const places = new Map<ExaminedEntry, number>();
  for (let index = 0; byKey.size > 0 && index < entries.length; index += 1) {
    if (!byKey.has(loaded.entries.keyAt(index))) continue;
    const one = entries.at(index);
    if (isOpen(one)) places.set(one, index);
  }
  const open = [...places.keys()];
  // A loop is reported even by a sweep that found no reason to look at the world; superseding needs one.
  if (open.length === 0 || !world.processes.seen) return { examined, flapping: said };
  const evidence = evidenceOf(world, await askFor(pass, examined, open, world), new Map());
  const asked = { ...examined, evidence };
  const proven = open.filter((one) => !shownElsewhere(pass, asked, one));
  const asSuperseded = (one: ExaminedEntry): ExaminedEntry => {
    const detail = `the same process has started another session since, registered as ${byKey.get(one.entry.key)?.by}`;
    const judgement = { ...one.judgement, verdict: "ghost", reason: "superseded-by-new-start", detail, certain: true } as const;
    return { ...one, judgement, intent: intentFor(judgement, one.memory, registryPolicyOf(examined), pass.policy, "stamp") };
  };
  const changed = new Map(proven.map((one) => [places.get(one) ?? -1, asSuperseded(one)]));
  return { examined: { ...examined, entries: entries.withChanged(changed) }, flapping: said };
}

/** Finds what newer starts have superseded, in registries that keep what they release. */
export async function withSuperseded(
  pass: Pass,
  registries: readonly ExaminedRegistry[],
  world: World,
): Promise<{ readonly registries: readonly ExaminedRegistry[]; readonly flapping: readonly FlappingIdentity[] }> {
  const found: ExaminedRegistry[] = [];
  const flapping: FlappingIdentity[] = [];
  for (const examined of registries) {
    const keepsReleased = examined.loaded.target.format.releases !== undefined;
    const one = keepsReleased ? await supersedeIn(pass, examined, world) : { examined, flapping: [] };
    found.push(one.examined);
    flapping.push(...one.flapping);
  }
  return { registries: found, flapping };
}

export function formatFlapping({ registry, identity, ids, spanMs }: FlappingIdentity): string {
  return `${identity} of ${registry} is flapping: ${ids} session ids in ${formatDuration(spanMs)}; nothing of it is superseded`;
}
