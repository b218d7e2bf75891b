import {
  seen,
  unseen,
  type AppServerObservation,
  type Clock,
  type Evidence,
  type FileLocks,
  type Here,
  type Mentions,
  type Observed,
  type ProcessTable,
} from "../../core/evidence.ts";
import type { RegisteredSessions } from "../../core/agents/registered-sessions.ts";
import { nothingSought, type Sought } from "../../core/agents/mentions/sought.ts";
import { knownPrograms, type ProgramLists } from "../../core/agents/programs.ts";
import type { EntryFile } from "../../host/locks/locks.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import { sinceLast, type LookingPass } from "../pass.ts";
import type { ServerTarget } from "../load/target.ts";

/** What the claims make it necessary to look for. */
export type Questions = {
  readonly pids: ReadonlySet<number>;
  readonly owners: readonly (readonly string[])[];
  /** Ids and names that are looked for in every process. */
  readonly sought: Sought;
  readonly programs: ProgramLists;
  /** Whose open files are looked at for the ids. */
  readonly files: Mentions["files"];
};

/** For looks at the processes in which no session is looked for. */
export const noMentions = { sought: nothingSought, programs: knownPrograms, files: "agents" } as const satisfies Partial<Questions>;

/** The world as one look found it, before any app server was asked. */
export type World = {
  readonly clock: Clock;
  readonly here: Here;
  readonly processes: Observed<ProcessTable>;
  readonly mentions: Observed<Mentions>;
  readonly registered: Evidence["registered"];
  readonly locks: Observed<FileLocks>;
  /** Pids of each owner that was asked for, by `ownerKey`; unseen when the table was. */
  readonly ownerPids: Observed<ReadonlyMap<string, readonly number[]>>;
};

/** Before an entry's own file is looked at, no lock is known. */
const noLocks: Observed<FileLocks> = seen(new Map());

export function ownerKey(argv: readonly string[]): string {
  return argv.join("\0");
}

const nothingRegistered: RegisteredSessions = { bySession: new Map(), provenPids: new Set(), unread: [] };

/** One look at all processes together. Claims are read before this, never after. */
export async function lookAtWorld(host: LookingHost, questions: Questions): Promise<World> {
  const answer = await host.lookAtProcesses(questions);
  const owners = answer.seen ? answer.value.owners : [];
  const byArgv = answer.seen ? seen(answer.value.mentions) : answer;
  return {
    clock: host.clock(),
    here: host.here(),
    processes: answer.seen ? seen(answer.value.table) : answer,
    mentions: questions.files === "all" && byArgv.seen ? host.lookAtAllFiles(questions, byArgv.value) : byArgv,
    registered: answer.seen ? seen(nothingRegistered) : answer,
    locks: noLocks,
    ownerPids: answer.seen ? seen(new Map(questions.owners.map((argv, index) => [ownerKey(argv), owners[index] ?? []]))) : answer,
  };
}

/** The same world, with the open files of all processes. */
export function withAllFiles(host: LookingHost, world: World, questions: Pick<Questions, "sought" | "programs">): World {
  return world.mentions.seen ? { ...world, mentions: host.lookAtAllFiles(questions, world.mentions.value) } : world;
}

/** The same world, with the locks on these files. */
export function withLocks(host: LookingHost, world: World, files: Iterable<EntryFile>): World {
  return { ...world, locks: host.lookAtLocks(files) };
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

/** Which threads each server is asked for by their ids, and whose registries name it, by its address. */
export type ServerQuestions = ReadonlyMap<
  string,
  { readonly server: ServerTarget; readonly ids: readonly string[]; readonly users: ReadonlySet<number> }
>;

/** Asks each server once, for all registries that name it. For how long they have been up is not known yet. */
export async function askServers(host: LookingHost, asked: ServerQuestions): Promise<Evidence["appServers"]> {
  const observations = await Promise.all(
    [...asked].map(async ([url, { server, ...question }]) => {
      return [url, await host.askAppServer({ url, connectTo: server.connectTo, ...question })] as const;
    }),
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
  return {
    clock: host.clock(),
    here: host.here(),
    processes: unseen(why),
    mentions: unseen(why),
    registered: unseen(why),
    locks: noLocks,
    ownerPids: unseen(why),
  };
}

/** Evidence of these processes and no others: it can say that one of them lives, and of nothing else that it does not. */
export function worldOfPids(host: LookingHost, pids: Iterable<number>): World {
  const others = unseen("only some processes were looked at");
  const table = {
    complete: others,
    pids: host.lookAtPids(pids),
    agents: [],
    appServers: [],
    innerPids: others,
    ancestors: new Set<number>(),
  };
  return { ...unlookedWorld(host), processes: seen(table), mentions: others, registered: others, ownerPids: others };
}

/** What was answered beside the look at the processes, and what is known of the time. */
export type Answers = Pick<Evidence, "appServers" | "endpoints" | "tmux" | "time">;

export function evidenceOf(world: World, { appServers, endpoints, tmux, time }: Answers): Evidence {
  const { clock, here, processes, mentions, registered, locks } = world;
  return { clock, here, processes, mentions, registered, appServers, endpoints, tmux, locks, time };
}
