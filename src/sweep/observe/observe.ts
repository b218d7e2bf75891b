import { join } from "node:path";
import {
  seen,
  unseen,
  type AppServerObservation,
  type Clock,
  type Evidence,
  type Here,
  type LockHolder,
  type Observed,
  type ProcessTable,
} from "../../core/evidence.ts";
import { since, type Memory } from "../../core/memory.ts";
import type { Host } from "../../host/host.ts";
import type { ServerTarget, Target } from "../load/target.ts";

/** What the claims make it necessary to look for. */
export type Questions = {
  readonly pids: ReadonlySet<number>;
  readonly owners: readonly (readonly string[])[];
};

/** The world as one look found it, before any app server was asked. */
export type World = {
  readonly clock: Clock;
  readonly here: Here;
  readonly processes: Observed<ProcessTable>;
  /** Pids of each owner that was asked for, by `ownerKey`; unseen when the table was. */
  readonly ownerPids: Observed<ReadonlyMap<string, readonly number[]>>;
};

export function ownerKey(argv: readonly string[]): string {
  return argv.join("\0");
}

/** One look at all processes together. Claims are read before this, never after. */
export async function lookAtWorld(host: Host, questions: Questions): Promise<World> {
  const answer = await host.lookAtProcesses(questions);
  const owners = answer.seen ? answer.value.owners : [];
  return {
    clock: host.clock(),
    here: host.here(),
    processes: answer.seen ? seen(answer.value.table) : answer,
    ownerPids: answer.seen ? seen(new Map(questions.owners.map((argv, index) => [ownerKey(argv), owners[index] ?? []]))) : answer,
  };
}

/** The homes in which a registry's threads may hold their writer locks. */
export function codexHomesFor(
  host: Host,
  target: Target,
  ownerUid: number,
  configured: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const home = host.homeOf(ownerUid);
  const homes = [env["CODEX_HOME"], home === undefined ? undefined : join(home, ".codex"), ...configured];
  return target.format.codexThreads ? [...new Set(homes.filter((path) => path !== undefined))] : [];
}

export function lookAtLocks(host: Host, world: World, codexHomes: readonly string[]): Observed<ReadonlyMap<string, LockHolder>> {
  if (!world.processes.seen) return world.processes;
  return host.lookAtWriterLocks(codexHomes, world.processes.value.agents);
}

/** For how long a server has been up: its process says so, else the sweeps that it answered without a break. */
function uptime(host: Host, server: ServerTarget, world: World, memory: Memory): Observed<number> {
  const { bootMs } = world.clock;
  if (!bootMs.seen) return bootMs;
  const processes = world.processes;
  const started = processes.seen ? host.upSince(server.url, server.connectTo, processes.value) : undefined;
  if (started !== undefined) return seen(Math.max(0, bootMs.value - started));
  const { sameBoot } = since(memory, world.clock, world.here.bootId.seen ? world.here.bootId.value : undefined);
  const answered = sameBoot ? memory.answeredSinceMs.get(server.url) : undefined;
  return seen(answered === undefined ? 0 : Math.max(0, bootMs.value - answered));
}

/** Each server is asked once, whatever the number of registries that name it. */
export async function askServers(
  host: Host,
  world: World,
  memory: Memory,
  asked: ReadonlyMap<string, { readonly server: ServerTarget; readonly ids: readonly string[] }>,
): Promise<ReadonlyMap<string, AppServerObservation>> {
  const observations = await Promise.all(
    [...asked.values()].map(async ({ server, ids }): Promise<readonly [string, AppServerObservation]> => {
      const observation = await host.askAppServer({ url: server.url, connectTo: server.connectTo, ids });
      return [server.url, observation.kind === "answered" ? { ...observation, upMs: uptime(host, server, world, memory) } : observation];
    }),
  );
  return new Map(observations);
}

/** Evidence that holds nothing but the clock: for entries that are judged by their age alone. */
export function unlookedWorld(host: Host): World {
  const why = "no entry is old enough to be judged, so nobody looked";
  return { clock: host.clock(), here: host.here(), processes: unseen(why), ownerPids: unseen(why) };
}

export function evidenceOf(world: World, appServers: Evidence["appServers"], endpoints: Evidence["endpoints"]): Evidence {
  return { clock: world.clock, here: world.here, processes: world.processes, appServers, endpoints };
}
