import type { BigIntStats } from "node:fs";
import { agentOf, argvHas } from "../../src/core/agents.ts";
import { seen, unseen, type AgentProcess, type Observed, type PidSight } from "../../src/core/evidence.ts";
import { emptyMemory, type Memory } from "../../src/core/memory.ts";
import type { FileRead, ReadFile } from "../../src/host/files.ts";
import type { Host, Store } from "../../src/host/host.ts";
import type { Piece } from "../../src/host/swap-draft.ts";
import { decodeTombstones, type Tombstone } from "../../src/host/tombstones.ts";
import { hostname, type Machine, type Process, type RegistryFile } from "./machine.ts";

const dark = unseen("the simulation hides it");

/** What a sweep cannot see this time. */
export type Blindness =
  | "wallMs"
  | "bootMs"
  | "awakeMs"
  | "bootId"
  | "pidNamespace"
  | "processes"
  | "some-processes"
  | "pids"
  | "names"
  | "inner"
  | "server"
  | "reads"
  | "locks"
  | "self"
  /** Which process listens at the app server's address. Another user's never shows; it does not come and go. */
  | "listener"
  | "file"
  | "torn"
  | "tombstones"
  | "swap";

export type Interference = {
  /** Something happens while a sweep prepares its swap. */
  readonly meanwhile: () => void;
  /** Somebody writes after the last look, before the swap. */
  readonly lastMoment: () => void;
  /** The swap has happened. */
  readonly swapped: (file: RegistryFile, before: string) => void;
};

const unsimulated = (): never => {
  throw new Error("no registry of this machine is a directory");
};

const noDirectories = {
  startOfPid: unsimulated,
  listDirectory: unsimulated,
  readEntryFile: unsimulated,
  stateOfEntry: unsimulated,
  livingPids: unsimulated,
  captureEntries: unsimulated,
  putBackForgotten: unsimulated,
  dropDirectory: unsimulated,
  restoreEntryFile: unsimulated,
  syncDirectories: unsimulated,
} satisfies Partial<Host>;

/** What a sweep leaves behind between two runs. */
export class State {
  memory: Memory = emptyMemory;
  readonly tombstones = new Map<string, Tombstone>();
}

function storeOf(state: State, blindness: ReadonlySet<Blindness>): Store {
  return {
    loadMemory: () => ({ memory: state.memory, problem: undefined }),
    saveMemory: (memory) => {
      state.memory = memory;
      return Promise.resolve();
    },
    tombstoneRoom: () => 1_000_000,
    bury: (_, encoded) => {
      if (blindness.has("tombstones")) throw new Error("no space left on device");
      for (const tombstone of decodeTombstones(Buffer.concat(encoded).toString())) {
        state.tombstones.set(tombstone.id, tombstone);
      }
    },
    exhume: (_, ids) => {
      for (const id of ids) state.tombstones.delete(id);
    },
    appendHistory: () => undefined,
    takeRunLock: () => Promise.resolve({ release: () => undefined }),
  };
}

function sightOf(process: Process | undefined, blindness: ReadonlySet<Blindness>): Observed<PidSight> {
  if (blindness.has("pids")) return dark;
  if (process === undefined) return seen({ kind: "gone" });
  const names = blindness.has("names") ? dark : seen([process.argv[0] ?? ""]);
  return seen({ kind: "there", state: seen("S"), startTicks: seen(process.startTicks), names });
}

function agentsAmong(processes: readonly Process[]): readonly AgentProcess[] {
  return processes.flatMap(({ pid, startTicks, argv }) => {
    const agent = agentOf(argv);
    if (agent === undefined) return [];
    return [{ pid, startTicks, argv, agent, parentPid: 1, kernelSession: pid, terminal: 0, uid: 1000 }];
  });
}

let sweeps = 0;

/** The machine as a sweep with these eyes sees it. */
export function simulatedHost(machine: Machine, state: State, blindness: ReadonlySet<Blindness>, interference: Interference): Host {
  const { chance } = machine;
  const unless = <T>(part: Blindness, value: T): Observed<T> => (blindness.has(part) ? dark : seen(value));

  const read = (path: string): FileRead => {
    const file = machine.files.get(path);
    if (file === undefined) return { kind: "missing" };
    if (blindness.has("file")) return { kind: "unreadable", problem: "input/output error", cure: "see why" };
    const text = blindness.has("torn") ? file.text.slice(0, chance.below(file.text.length)) : file.text;
    const stat = { uid: 1000n, mtimeMs: BigInt(file.modifiedMs), ino: BigInt(file.version) } as unknown as BigIntStats;
    return { kind: "read", file: { realPath: path, stat, bytes: Buffer.from(text) } };
  };

  return {
    clock: () => ({
      wallMs: unless("wallMs", machine.wallMs),
      bootMs: unless("bootMs", machine.bootMs),
      awakeMs: unless("awakeMs", machine.awakeMs),
    }),
    here: () => ({
      hostname,
      bootId: unless("bootId", machine.bootId),
      pidNamespace: unless("pidNamespace", { inode: "4026531836", initial: true }),
    }),
    selfTest: () => ({
      pid: 50,
      ownPidSeen: blindness.has("self") ? { ok: false, why: "hidden" } : { ok: true },
      impossiblePidSeen: false,
    }),
    lookAtProcesses: ({ pids, owners }) => {
      if (blindness.has("processes")) return dark;
      const all = [...machine.processes.values()];
      const shown = blindness.has("some-processes") ? all.filter(() => !chance.oneIn(2)) : all;
      const complete = unless("some-processes", true as const);
      return seen({
        table: {
          complete,
          pids: new Map([...pids].map((pid) => [pid, sightOf(machine.processes.get(pid), blindness)])),
          agents: agentsAmong(shown),
          appServers: shown.filter(({ argv }) => argv.includes("app-server")),
          innerPids: complete.seen ? unless("inner", new Map()) : complete,
          ancestors: new Set([50, 51]),
        },
        owners: owners.map((wanted) => shown.filter(({ argv }) => argvHas(argv, wanted)).map(({ pid }) => pid)),
      });
    },
    lookAtWriterLocks: () => {
      const held = machine.sessions.filter((session) => session.kind === "lock" && machine.shows(session));
      return unless("locks", new Map(held.map(({ id, process }) => [id, { pid: process?.pid ?? 0, path: `/locks/${id}` }])));
    },
    homeOf: () => undefined,
    askAppServer: ({ ids }) => {
      const { process, mode, loaded } = machine.server;
      if (blindness.has("server") || (process !== undefined && mode === "hung"))
        return Promise.resolve({ kind: "unanswered", why: "no answer in time" });
      if (process === undefined) return Promise.resolve({ kind: "refused" });
      const denied = blindness.has("reads") ? [] : ids.filter((id) => !loaded.has(id));
      const reads = new Map(denied.map((id) => [id, { kind: "not-loaded" as const }]));
      return Promise.resolve({ kind: "answered", loaded: new Set(loaded), reads, upMs: dark });
    },
    upSince: () => (blindness.has("listener") ? undefined : machine.server.process?.startedMs),
    probeEndpoint: () => Promise.resolve({ kind: "unanswered", why: "nobody has an endpoint here" }),
    isUnitUp: () => Promise.resolve(seen(false)),
    isLockHeld: () => seen(false),
    runRelease: () => Promise.resolve("there is no such command"),
    readRegistryFile: read,
    reportOnlyReason: () => undefined,
    replaceJudged: async (judged: ReadFile, pieces: readonly Piece[], lastLook) => {
      interference.meanwhile();
      if (!(await lastLook())) return { kind: "revived" };
      interference.lastMoment();
      const file = machine.files.get(judged.realPath);
      if (file === undefined || BigInt(file.version) !== judged.stat.ino || file.text !== judged.bytes.toString())
        return { kind: "changed" };
      if (blindness.has("swap")) return { kind: "failed", problem: "no space left on device" };
      const parts = pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : judged.bytes.subarray(piece.start, piece.end)));
      const before = file.text;
      machine.write(file, Buffer.concat(parts).toString());
      interference.swapped(file, before);
      return { kind: "replaced", problem: undefined };
    },
    ...noDirectories,
    clearLitter: () => undefined,
    digest: (text) => text,
    randomSuffix: () => (sweeps += 1).toString(16),
    sleep: () => Promise.resolve(),
    store: storeOf(state, blindness),
  };
}
