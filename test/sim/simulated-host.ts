import { seen, unseen, type AppServerObservation, type Observed, type Refusal } from "../../src/core/evidence.ts";
import { emptyMemory, type Memory } from "../../src/core/memory/memory.ts";
import type { ServerQuestion } from "../../src/host/sockets/app-server.ts";
import type { Host, Store } from "../../src/host/host.ts";
import { decodeTombstones, type Tombstone } from "../../src/core/tombstone.ts";
import { hostNamespace, sweeperIn, triedUrl, type Machine, type Process } from "./machine.ts";
import { ownersOf } from "./simulated-owners.ts";
import { probeOf } from "./simulated-probe.ts";
import { filesOf } from "./simulated-files.ts";

const dark = unseen("the simulation hides it");

/** What a sweep cannot see this time, and what it cannot write. */
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
  /** It stands in a network of its own, in which nothing of the machine listens. */
  | "network"
  | "reads"
  | "locks"
  | "file-locks"
  | "self"
  | "endpoints"
  /** Which process listens at the app server's address. Another user's never shows; it does not come and go. */
  | "listener"
  | "file"
  | "torn"
  /** Full disks, and worse: no tombstone, no swap, no memory, none that is taken back, no directory made durable. */
  | "tombstones"
  | "swap"
  | "memory"
  | "void"
  | "sync"
  | "history"
  | "room";

export type Interference = {
  /** Something happens while a sweep prepares its swap. */
  readonly meanwhile: () => void;
  /** Somebody writes after the last look, before the swap. */
  readonly lastMoment: (path: string) => void;
  /** Somebody writes while files of a registry are held aside. */
  readonly held: (root: string) => void;
  /** The swap has happened. */
  readonly swapped: (path: string, before: string) => void;
  /** A file has gone for good. */
  readonly captured: (root: string, key: string, text: string) => void;
  /** What `release` does: the owner's command is run for this entry. */
  readonly release: (key: string) => string | undefined;
  /** A slow writer may come to its end while a sweep waits. */
  readonly wait: () => void;
  /** Something happens after the processes were looked at, before a signal is sent. */
  readonly beforeSignals: () => void;
  /** A signal has reached this process, which does with it what it likes. */
  readonly signalled: (process: Process, signal: NodeJS.Signals) => void;
  /** A moment in which the sweep can be killed; throws when it is. */
  readonly step: () => void;
};

export const nobody: Interference = {
  meanwhile: () => undefined,
  lastMoment: () => undefined,
  held: () => undefined,
  swapped: () => undefined,
  captured: () => undefined,
  release: () => "there is no such command",
  wait: () => undefined,
  beforeSignals: () => undefined,
  signalled: () => undefined,
  step: () => undefined,
};

/** What a sweep leaves behind between two runs. */
export class State {
  memory: Memory = emptyMemory;
  readonly tombstones = new Map<string, Tombstone>();
}

const full = (): never => {
  throw new Error("no space left on device");
};

function storeOf({ chance }: Machine, state: State, blindness: ReadonlySet<Blindness>, { step }: Interference): Store {
  return {
    loadMemory: () => ({ memory: state.memory, problem: undefined }),
    saveMemory: (memory) => {
      if (blindness.has("memory")) full();
      state.memory = memory;
      return Promise.resolve();
    },
    tombstoneRoom: () => (blindness.has("room") ? chance.below(1500) : 1_000_000),
    writeTombstones: (_, encoded) => {
      if (blindness.has("tombstones")) full();
      for (const tombstone of decodeTombstones([...encoded].join(""))) {
        step();
        state.tombstones.set(tombstone.id, tombstone);
      }
    },
    voidTombstones: (_, ids) => {
      if (blindness.has("void")) full();
      for (const id of ids) state.tombstones.delete(id);
    },
    appendHistory: () => {
      if (blindness.has("history")) full();
    },
    takeRunLock: () => Promise.resolve({ release: () => undefined }),
  };
}

const refused: Refusal = { kind: "refused", listens: seen(false), network: seen(true) };
/** The same in a network of its own, in which nothing of the machine listens. */
const abroad: Refusal = { ...refused, network: unseen("this network is a container's own") };

/** What the app server says of its threads. However it lies, it never denies a thread that it has loaded by its id. */
function ask(machine: Machine, blindness: ReadonlySet<Blindness>, { url, ids }: ServerQuestion): AppServerObservation {
  const { server, chance } = machine;
  if (blindness.has("server")) return { kind: "unanswered", why: "no answer in time" };
  if (blindness.has("network")) return abroad;
  if (url === triedUrl) {
    if (machine.tried === "refuses") return refused;
    if (machine.tried === "hangs") return { kind: "unanswered", why: "no answer in time" };
    return { kind: "answered", loaded: new Set(), reads: new Map(ids.map((id) => [id, { kind: "not-loaded" }])), upMs: seen(1e9) };
  }
  const { process, mode, loaded, ended } = server;
  if (process === undefined) return refused;
  if (mode === "refusing") return { ...refused, listens: seen(process.argv.length < 3) };
  if (mode === "hung") return { kind: "unanswered", why: "no answer in time" };
  const listed = new Set(
    mode === "partial" ? [...loaded].filter(() => chance.oneIn(2)) : mode === "stale" ? [...loaded, ...ended] : loaded,
  );
  const asked = blindness.has("reads") || mode === "silent" ? [] : ids.filter((id) => !listed.has(id));
  const reads = asked.map(
    (id) => [id, loaded.has(id) ? { kind: "other" as const, what: "idle" } : { kind: "not-loaded" as const }] as const,
  );
  return { kind: "answered", loaded: listed, reads: new Map(reads), upMs: dark };
}

let sweeps = 0;

/** The machine as a process of sessreap sees it, which is `self`, with these eyes. */
export function simulatedHost(
  machine: Machine,
  state: State,
  blindness: ReadonlySet<Blindness>,
  interference: Interference,
  self: Process = sweeperIn(hostNamespace),
): Host {
  const { namespace } = self;
  const unless = <T>(part: Blindness, value: T): Observed<T> => (blindness.has(part) ? dark : seen(value));
  return {
    clock: () => ({
      wallMs: unless("wallMs", machine.wallMs),
      bootMs: unless("bootMs", machine.bootMs),
      awakeMs: unless("awakeMs", machine.awakeMs),
    }),
    isClockSynchronised: () => (machine.synchronised === undefined ? dark : seen(machine.synchronised)),
    selfTest: () => ({
      pid: self.pid,
      ownPidSeen: blindness.has("self") ? { ok: false, why: "hidden" } : { ok: true },
      impossiblePidSeen: false,
    }),
    ...probeOf(machine, self, blindness),
    ...ownersOf(machine, self, blindness, interference),
    ...filesOf(machine, blindness, interference),
    homeOf: (uid) => `/home/${uid}`,
    usesFile: () => false,
    configDirectories: () => [],
    usersHere: () => (blindness.has("processes") ? undefined : new Set([...machine.processes.values()].map(({ uid }) => uid))),
    // A container has a network of its own.
    askAppServer: (question) => Promise.resolve(namespace === hostNamespace ? ask(machine, blindness, question) : abroad),
    upSince: () => (blindness.has("listener") ? undefined : machine.server.process?.startedMs),
    probeEndpoint: (endpoint) => {
      const mode = endpoint.kind === "tcp" ? machine.endpoints.get(endpoint.port) : undefined;
      if (blindness.has("endpoints") || mode === "hangs") return Promise.resolve({ kind: "unanswered", why: "no answer in time" });
      if (namespace !== hostNamespace || blindness.has("network")) return Promise.resolve(abroad);
      return Promise.resolve(mode === "accepts" ? { kind: "accepted" } : refused);
    },
    lookAtTmux: () => Promise.resolve({ panes: [], complete: seen(true) }),
    unitState: () => Promise.resolve(seen("down")),
    isLockHeld: () => seen(false),
    isGivenBy: () => Promise.resolve(false),
    runRelease: (_, values) => Promise.resolve(interference.release(values["{key}"] ?? "")),
    isReadOnly: () => false,
    reportOnlyReason: () => undefined,
    fileSystemOf: () => unseen("no registry of this machine holds locks of hosts"),
    takeOver: () => ({ kind: "failed", problem: "no registry of this machine holds locks of hosts" }),
    removeLeftovers: () => undefined,
    digest: (text) => text,
    randomSuffix: () => (sweeps += 1).toString(16),
    sleep: () => {
      interference.wait();
      return Promise.resolve();
    },
    store: storeOf(machine, state, blindness, interference),
  };
}

/** Thrown where a sweep is killed. */
export class Killed extends Error {}

type Steps = { left: number; readonly interference: Interference };

/** Counts down the steps of a sweep; at none left it dies, and whatever it tries after that does not happen. */
export function stepsUntilDeath(left: number, interference: Interference): Steps {
  const steps: Steps = {
    left,
    interference: {
      ...interference,
      step: () => {
        steps.left -= 1;
        if (steps.left < 0) throw new Killed("the sweep was killed");
      },
    },
  };
  return steps;
}

function mortalPart<T extends object>(part: T, step: () => void): T {
  const entries = Object.entries(part).map(([name, value]: [string, unknown]) => {
    if (typeof value !== "function") return [name, value] as const;
    const act = value as (...given: readonly unknown[]) => unknown;
    return [
      name,
      (...given: readonly unknown[]): unknown => {
        step();
        return act(...given);
      },
    ] as const;
  });
  return Object.fromEntries(entries) as T;
}

/** A host whose every call is a step at which the sweep can be killed. */
export function mortal(host: Host, step: () => void): Host {
  return { ...mortalPart(host, step), store: mortalPart(host.store, step) };
}
