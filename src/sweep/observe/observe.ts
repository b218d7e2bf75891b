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
import type { LookingHost } from "../../host/looking-host.ts";
import { sinceLast, type LookingPass } from "../pass.ts";
import { ownerUid, type ReadRegistry } from "../load/loaded.ts";
import type { ServerTarget } from "../load/target.ts";

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
export async function lookAtWorld(host: LookingHost, questions: Questions): Promise<World> {
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
function codexHomesFor({ host, env, codexHomes }: LookingPass, loaded: ReadRegistry): readonly string[] {
  const home = host.homeOf(ownerUid(loaded));
  const homes = [env["CODEX_HOME"], home === undefined ? undefined : join(home, ".codex"), ...codexHomes];
  return loaded.target.format.codexThreads ? [...new Set(homes.filter((path) => path !== undefined))] : [];
}

/** The writer locks of every home in which this registry's threads may hold them. */
export function lookAtLocks(pass: LookingPass, loaded: ReadRegistry, world: World): Observed<ReadonlyMap<string, LockHolder>> {
  if (!world.processes.seen) return world.processes;
  return pass.host.lookAtWriterLocks(codexHomesFor(pass, loaded), world.processes.value.agents);
}

/** For how long a server has been up: its process says so, else the sweeps that it answered without a break. */
function uptime(pass: LookingPass, server: ServerTarget, world: World): Observed<number> {
  const { bootMs } = world.clock;
  if (!bootMs.seen) return bootMs;
  const processes = world.processes;
  const started = processes.seen ? pass.host.upSince(server.url, server.connectTo, processes.value) : undefined;
  if (started !== undefined) return seen(Math.max(0, bootMs.value - started));
  const { sameBoot } = sinceLast(pass, world);
  const answered = sameBoot ? pass.memory.answeredSinceMs.get(server.url) : undefined;
  return seen(answered === undefined ? 0 : Math.max(0, bootMs.value - answered));
}

/** Which threads each server is asked for by their ids, by its address. */
export type ServerQuestions = ReadonlyMap<string, { readonly server: ServerTarget; readonly ids: readonly string[] }>;

/** Asks each server once, for all registries that name it. For how long they have been up is not known yet. */
export async function askServers(host: LookingHost, asked: ServerQuestions): Promise<Evidence["appServers"]> {
  const observations = await Promise.all(
    [...asked].map(async ([url, { server, ids }]) => [url, await host.askAppServer({ url, connectTo: server.connectTo, ids })] as const),
  );
  return new Map(observations);
}

/** The same answers, with the uptime of each server that one look at the processes shows. */
export function withUptimes(
  pass: LookingPass,
  answers: Evidence["appServers"],
  asked: ServerQuestions,
  world: World,
): Evidence["appServers"] {
  const dated = [...answers].map(([url, answer]): readonly [string, AppServerObservation] => {
    const server = asked.get(url)?.server;
    return [url, answer.kind === "answered" && server !== undefined ? { ...answer, upMs: uptime(pass, server, world) } : answer];
  });
  return new Map(dated);
}

/** Evidence that holds nothing but the clock: for entries that are judged by their age alone. */
export function unlookedWorld(host: LookingHost): World {
  const why = "no entry is old enough to be judged, so nobody looked";
  return { clock: host.clock(), here: host.here(), processes: unseen(why), ownerPids: unseen(why) };
}

export function evidenceOf(world: World, appServers: Evidence["appServers"], endpoints: Evidence["endpoints"]): Evidence {
  return { clock: world.clock, here: world.here, processes: world.processes, appServers, endpoints };
}
