import { mentionTable } from "../../src/core/agents/mention-table.ts";
import { soughtAmong, soughtId } from "../../src/core/agents/mentions/sought.ts";
import { knownPrograms } from "../../src/core/agents/programs.ts";
import {
  seen,
  unseen,
  type AppServerObservation,
  type Carrier,
  type Clock,
  type EndpointObservation,
  type Refusal,
  type Evidence,
} from "../../src/core/evidence.ts";
import type { AgentProcess } from "../../src/core/agents/agent-process.ts";
import type {
  FileLocks,
  Here,
  Mentions,
  Observed,
  PidObservation,
  ProcessTable,
  Timekeeping,
  TmuxObservation,
} from "../../src/core/evidence.ts";
import type { Registered, UnreadRecords } from "../../src/core/agents/registered-sessions.ts";
import type { ObservedHolder } from "../../src/core/agents/observed-holders.ts";
import type { FirstSight } from "../../src/core/identity/first-sight.ts";
import { judge } from "../../src/core/ladder.ts";
import { nothingRemembered, type EntryMemory } from "../../src/core/memory/memory.ts";
import { defaultPolicy, type Policy } from "../../src/core/policy.ts";
import { canonicalSession, nothingClaimed, type Registration } from "../../src/core/registration.ts";
import type { RegistryFacts, Scene } from "../../src/core/scene.ts";
import { tmuxKey } from "../../src/core/identity/tmux.ts";
import { llmmsgBridge } from "../../src/registries/formats/llmmsg-bridge.ts";

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const now = Date.UTC(2026, 10, 20, 15);
export const thisBoot = "b0071d00-0000-4000-8000-000000000001";
export const earlierBoot = "b0071d00-0000-4000-8000-000000000000";
export const session = "019d0000-1111-7000-8000-00000000000a";
export const server = "ws://127.0.0.1:8788";
export const blind = unseen("it was too dark to see");

/** What registrations say of sessions, as one look at their holders shows it. */
export function registeredSessions(
  bySession: ReadonlyMap<string, readonly Registered[]> = new Map(),
  unread: readonly UnreadRecords[] = [],
): Evidence["registered"] {
  const provenPids = new Set([...bySession.values()].flat().flatMap(({ isProven, pid }) => (isProven ? [pid] : [])));
  return seen({ bySession, provenPids, unread });
}

/** What a test says of the world; everything else is an entry of thirty days on a machine where nothing is hidden. */
export type Described = {
  readonly claim?: Partial<Registration>;
  readonly registry?: Partial<RegistryFacts>;
  readonly clock?: Partial<Clock>;
  readonly here?: Partial<Here>;
  readonly processes?: Observed<ProcessTable>;
  readonly table?: Partial<Omit<ProcessTable, "pids">>;
  readonly pids?: Readonly<Record<number, Observed<PidObservation>>>;
  /** Processes that may carry its ids, beside the agents of the table. */
  readonly carriers?: readonly Carrier[];
  /** Paths that processes hold open, and whether for writing. */
  readonly open?: readonly (readonly [carrier: Carrier, path: string, writes: boolean])[];
  readonly mentions?: Observed<Mentions>;
  readonly registered?: Evidence["registered"];
  readonly appServers?: Readonly<Record<string, AppServerObservation>>;
  readonly endpoints?: Readonly<Record<string, EndpointObservation>>;
  /** What was found at each socket; at the empty one where no socket is named. */
  readonly tmux?: Readonly<Record<string, TmuxObservation>>;
  readonly locks?: Observed<FileLocks>;
  readonly time?: Partial<Timekeeping>;
  readonly memory?: Partial<EntryMemory>;
  readonly policy?: Partial<Policy>;
};

/** What one look finds of these ids in these processes. */
export function mentionsOf(ids: readonly string[], carriers: readonly Carrier[], open: Described["open"] = []): Mentions {
  const question = {
    sought: soughtAmong(
      ids.flatMap((id) => soughtId(id) ?? []),
      [llmmsgBridge.statedBehind ?? ""],
    ),
    programs: knownPrograms,
  };
  const table = mentionTable(question);
  for (const one of carriers) {
    table.commandLine(
      one.argv.map((word) => `${word}\0`).join(""),
      () => one,
      (id) => seen(open.some(([holder, path, writes]) => holder === one && writes && path.includes(id))),
    );
  }
  for (const [one, path, writes] of open) {
    table.openFile(
      path,
      () => one,
      () => seen(writes),
    );
  }
  return table.result("agents");
}

/** A process under the name of its program. */
export function carrier(argv: readonly string[], more: Partial<Carrier> = {}): Carrier {
  const [program = ""] = argv;
  return {
    pid: 600,
    startTicks: "600",
    uid: 1000,
    comm: program.slice(program.lastIndexOf("/") + 1).slice(0, 15),
    argv,
    exe: seen(program),
    kin: "none",
    ...more,
  };
}

export function sceneOf(described: Described): Scene {
  const table: ProcessTable = {
    complete: seen(true),
    agents: [],
    appServers: [],
    innerPids: seen(new Map()),
    ancestors: new Set([900, 901]),
    ...described.table,
    pids: new Map(Object.entries(described.pids ?? {}).map(([pid, observation]) => [Number(pid), observation])),
  };
  const processes = described.processes ?? seen(table);
  const claim = { ...nothingClaimed, key: "mars", sessionId: session, registeredAt: now - 30 * day, ...described.claim };
  const ids = [claim.sessionId, claim.identity].flatMap((id) => id ?? []);
  const agents = table.agents.map(({ argv, pid, uid, startTicks }) => carrier(argv, { pid, uid, startTicks }));
  const all = [...agents, ...(described.carriers ?? [])];
  const mentions = described.mentions ?? (processes.seen ? seen(mentionsOf(ids, all, described.open)) : processes);
  return {
    claim,
    registry: {
      id: "/registry",
      about: "session",
      holderNames: undefined,
      startTokensProven: true,
      besideForeign: false,
      identityIsSession: false,
      statedBehind: llmmsgBridge.statedBehind,
      writer: 1000,
      modifiedAt: seen(now - hour),
      changedAt: described.registry?.modifiedAt ?? seen(now - hour),
      oneFile: false,
      directory: undefined,
      appServers: [],
      ...described.registry,
    },
    evidence: {
      clock: { wallMs: seen(now), bootMs: seen(40 * day), awakeMs: seen(20 * day), ...described.clock },
      here: {
        hostname: "venus",
        bootId: seen(thisBoot),
        pidNamespace: seen({ inode: "4026531836", initial: true }),
        timeNamespace: seen("time:[4026531834]"),
        ...described.here,
      },
      processes,
      mentions,
      registered: described.registered ?? (processes.seen ? registeredSessions() : processes),
      appServers: new Map(Object.entries(described.appServers ?? {})),
      endpoints: new Map(Object.entries(described.endpoints ?? {})),
      tmux: new Map(
        Object.entries(described.tmux ?? {}).map(([socket, it]) => [
          tmuxKey(described.registry?.id ?? "/registry", { ...claim, tmuxSocket: socket }),
          it,
        ]),
      ),
      locks: described.locks ?? seen(new Map()),
      time: { sleeps: seen([]), settled: seen(true), ...described.time },
    },
    memory: { ...nothingRemembered, ...described.memory },
    policy: { ...defaultPolicy, ...described.policy },
  };
}

/** A judgement in one line: `ghost attached-process pid-gone certain`. */
export function verdictOf(scene: Scene): string {
  const { verdict, rung, reason, certain } = judge(scene);
  return [verdict, rung ?? "no-rung", reason, ...(certain ? ["certain"] : [])].join(" ");
}

/** The holder as the process table shows it. */
export function there(startTicks = "700", names: readonly string[] = ["codex"], state = "S"): Observed<PidObservation> {
  return shows({ startTicks: seen(startTicks), names: seen(names), state: seen(state) });
}

/** A process of which only some things could be seen, or that is of another kind than most. */
export function shows(more: Partial<Extract<PidObservation, { kind: "there" }>>): Observed<PidObservation> {
  const usual = { state: seen("S"), startTicks: seen("700"), ownTime: true, kernelThread: false, names: seen(["codex"]) } as const;
  return seen({ kind: "there", ...usual, ...more });
}

/** A sweep of this boot that saw the entry, two seconds after the boot began. */
export const sighted: FirstSight = {
  as: "digest",
  machine: undefined,
  bootId: thisBoot,
  timeNamespace: "time:[4026531834]",
  bootMs: 2 * second,
};

/** A process that an earlier sweep of this boot saw to show the session. */
export const showed: ObservedHolder = {
  pid: 500,
  startTicks: "600",
  program: "codex",
  uid: 1000,
  bootId: thisBoot,
  pidNamespace: "4026531836",
  timeNamespace: "time:[4026531834]",
  host: "venus",
};

export const gone: Observed<PidObservation> = seen({ kind: "gone" });

export function agent(argv: readonly string[], pid = 500): AgentProcess {
  const name = (argv[0] ?? "").split("/").at(-1) ?? "";
  return { pid, parentPid: 1, processGroup: pid, kernelSession: pid, terminal: 0, startTicks: "600", uid: 1000, agent: name, argv };
}

/** A server that answered: up for an hour, with these threads loaded, and denying the tests' own session by its id. */
export function answered(
  loaded: readonly string[] = [],
  more: Partial<Extract<AppServerObservation, { kind: "answered" }>> = {},
): AppServerObservation {
  const denied = new Map([[session, { kind: "not-loaded" } as const]]);
  return { kind: "answered", loaded: new Set(loaded.map(canonicalSession)), reads: denied, upMs: seen(hour), ...more };
}

/** Nothing is there: a connection is refused, nothing listens, and the address is this machine's. */
export const refused: Refusal = { kind: "refused", listens: seen(false), network: seen(true) };

export const configured = [{ url: server, configured: true }] as const;
export const tried = [{ url: server, configured: false }] as const;
