import type { AgentProcess, AppServerProcess, InnerProcess } from "./agents/agent-process.ts";
import type { RegisteredSessions } from "./agents/registered-sessions.ts";

/**
 * A thing that was looked for: seen (perhaps seen to be missing), or not seen, and why.
 * "There is none" and "I could not look" are different facts, and only the first may condemn.
 */
export type Observed<T> = { readonly seen: true; readonly value: T } | { readonly seen: false; readonly why: string };

export function seen<T>(value: T): Observed<T> {
  return { seen: true, value };
}

export function unseen(why: string): { readonly seen: false; readonly why: string } {
  return { seen: false, why };
}

/** All that one sweep saw of the world, looked at once, after every claim had been read. */
export type Evidence = {
  readonly clock: Clock;
  readonly here: Here;
  readonly processes: Observed<ProcessTable>;
  readonly mentions: Observed<Mentions>;
  /** What registrations say of the sessions that they name. */
  readonly registered: Observed<RegisteredSessions>;
  /** The app servers that were asked, by address. */
  readonly appServers: ReadonlyMap<string, AppServerObservation>;
  /** What answered at the endpoints that entries name, by `endpointName`. */
  readonly endpoints: ReadonlyMap<string, EndpointObservation>;
  /** What the tmux servers show that entries name, by `tmuxKey`. */
  readonly tmux: ReadonlyMap<string, TmuxObservation>;
  /** Looked at only where an entry with a file of its own would go without it. */
  readonly locks: Observed<FileLocks>;
  readonly time: Timekeeping;
};

/** What sweeps know of this machine's time beside what its clocks say now. */
export type Timekeeping = {
  /** The time that is taken off every age. */
  readonly sleeps: Observed<readonly Sleep[]>;
  /** The wall clock has been tried since the machine was booted or woken; before that, silence condemns nothing. */
  readonly settled: Observed<true>;
};

/** For looks in which no age is asked for. */
export const untimed: Timekeeping = { sleeps: unseen("no age is asked for"), settled: unseen("no age is asked for") };

/** The machine slept for `ms` in all, somewhere between two looks (epoch ms) or in several such spans of one day. */
export type Sleep = { readonly fromMs: number; readonly untilMs: number; readonly ms: number };

/** One pane of a tmux server, with the session that it is in. */
export type TmuxPane = {
  readonly session: string;
  /** `$N`, as `pane` is `%N`. */
  readonly sessionId: string;
  readonly window: string;
  readonly index: string;
  readonly pane: string;
  readonly tty: string;
  /** What it was opened with, as it runs now; undefined where that could not be looked at. */
  readonly first: { readonly pid: number; readonly startTicks: string; readonly uid: number } | undefined;
};

/** The panes that were found, and whether every server that may have more could be asked. */
export type TmuxObservation = { readonly panes: readonly TmuxPane[]; readonly complete: Observed<true> };

/** What locks an entry's own file, by its path. A file that is missing here is not locked, or was not looked at. */
export type FileLocks = ReadonlyMap<string, Observed<string>>;

/** Three clocks, read in one moment. */
export type Clock = {
  /** Epoch ms. Can be stepped; never condemns by itself. */
  readonly wallMs: Observed<number>;
  /** Ms since boot, suspends included. */
  readonly bootMs: Observed<number>;
  /** Ms since boot, suspends left out. */
  readonly awakeMs: Observed<number>;
};

/** The machine and the namespace in which this sweep stands. */
export type Here = {
  readonly hostname: string;
  readonly bootId: Observed<string>;
  /** The machine's id (machine-id(5)). Where no look was made, entries that name a machine are not ours to probe. */
  readonly machineId?: Observed<string>;
  readonly pidNamespace: Observed<PidNamespace>;
  /** The time namespace (time_namespaces(7)) by whose clock starts of processes are counted. Where no look was made, none is comparable. */
  readonly timeNamespace?: Observed<string>;
};

/** `inode` names the namespace; only the initial one sees every process of the machine. */
export type PidNamespace = { readonly inode: string; readonly initial: boolean };

export type ProcessTable = {
  /** Seen when the look met its positive controls and no process refused to be read; otherwise absence proves nothing. */
  readonly complete: Observed<true>;
  /** The processes that entries name, by pid. A pid that is missing here was not looked at. */
  readonly pids: ReadonlyMap<number, Observed<PidObservation>>;
  readonly agents: readonly AgentProcess[];
  /** Every process with `app-server` as a whole argv token. */
  readonly appServers: readonly AppServerProcess[];
  /** Processes of other pid namespaces below ours, by each pid that they have there (the numbers of `NSpid` after the first). */
  readonly innerPids: Observed<ReadonlyMap<number, readonly InnerProcess[]>>;
  /** Us, our parent, its parent and so on. */
  readonly ancestors: ReadonlySet<number>;
};

/** One pid: provably gone (ESRCH and no `/proc` entry), or there. */
export type PidObservation =
  | { readonly kind: "gone" }
  | {
      readonly kind: "there";
      /** The one letter of `/proc/<pid>/stat`, of a thread that runs on where the leader has ended; `Z` and `X` are dead. */
      readonly state: Observed<string>;
      readonly startTicks: Observed<string>;
      /** Its start is counted by the clock that ours is counted by: it is of our time namespace (time_namespaces(7)). */
      readonly ownTime: boolean;
      readonly kernelThread: boolean;
      /** What the process can be called by: its comm, and the paths of its executable, argv[0] and script. */
      readonly names: Observed<readonly string[]>;
    };

/** A process that carries a session's id, by all that tells what it is. */
export type Carrier = {
  readonly pid: number;
  readonly startTicks: string;
  readonly uid: number;
  readonly comm: string;
  readonly argv: readonly string[];
  readonly exe: Observed<string>;
  /** `ours` is what this run has started, `between` stands in the unbroken line of shells and wrappers above us. */
  readonly kin: "ours" | "between" | "none";
};

/** One process carries one id. */
export type Mention = {
  readonly carrier: Carrier;
  readonly manner: "argument" | "text" | "open-file";
  /** The file that it holds open. */
  readonly path: string | undefined;
  /** Whether it holds a file of this session open for writing. Looked at where the process is a reader. */
  readonly writes: Observed<boolean>;
};

/** What a process says of its name: the text behind the words with which a format's agents state theirs. */
export type Statement = {
  readonly carrier: Carrier;
  readonly behind: string;
  readonly text: string;
  /** The argument says it there for the first time. A later one may be of another agent, or the first one an example. */
  readonly isFirst: boolean;
};

/** An agent whose open files may not be read. */
export type ClosedAgent = { readonly carrier: Carrier; readonly why: string };

/** One look at every argv for all ids that were asked for, and at the open files of agents or of all. */
export type Mentions = {
  /** By `soughtId`. An id that is missing here is carried by no process that was looked at. */
  readonly bySession: ReadonlyMap<string, readonly Mention[]>;
  readonly statements: readonly Statement[];
  readonly closed: readonly ClosedAgent[];
  /** Whose open files were read. */
  readonly files: "agents" | "all";
};

/** What one app server said. */
export type AppServerObservation =
  | {
      readonly kind: "answered";
      /** Canonical ids of every loaded thread, read to the last page. */
      readonly loaded: ReadonlySet<string>;
      /** `thread/read` of the ids that were asked one by one, by canonical id. */
      readonly reads: ReadonlyMap<string, ThreadRead>;
      /** For how long it has been up, in ms. */
      readonly upMs: Observed<number>;
    }
  | Refusal
  | { readonly kind: "unanswered"; readonly why: string };

/** A connection was refused. That alone does not show that nothing is there. */
export type Refusal = {
  readonly kind: "refused";
  /** Whether a socket listens there all the same, behind a packet filter or since a moment ago. */
  readonly listens: Observed<boolean>;
  /** The address is that of other processes of this machine, too, and not of a network that only ours have. */
  readonly network: Observed<true>;
};

/** The answer to `thread/read` of one id: provably not in memory, or anything else. */
export type ThreadRead = { readonly kind: "not-loaded" } | { readonly kind: "other"; readonly what: string };

export type EndpointObservation = { readonly kind: "accepted" } | Refusal | { readonly kind: "unanswered"; readonly why: string };
