import type { BigIntStats } from "node:fs";
import type {
  AppServerObservation,
  Clock,
  EndpointObservation,
  FileLocks,
  Here,
  Mentions,
  Observed,
  ProcessTable,
  TmuxObservation,
} from "../core/evidence.ts";
import type { UserProcess } from "../core/plan/busy.ts";
import type { MentionQuestion } from "../core/agents/mention-table.ts";
import type { ProcessRow, ProcessTree } from "../core/agents/process-tree.ts";
import type { Program } from "../core/harnesses/ownership-signs.ts";
import type { Self } from "../core/harnesses/retirement.ts";
import type { Memory } from "../core/memory/memory.ts";
import type { Endpoint } from "../core/registration.ts";
import type { SelfTest } from "../core/self-check.ts";
import type { TableQuestion } from "../registries/rows/table.ts";
import type { FleetRead } from "./databases/fleet.ts";
import type { DatabaseQuestion } from "./databases/server-read.ts";
import type { DatabaseFile, TableRead } from "./databases/table-read.ts";
import type { EntryKind, Listing } from "./files/entries/directory.ts";
import type { EntryRead } from "./files/entries/entry-files.ts";
import type { FileState } from "./files/file-state.ts";
import type { FileSystem } from "./files/file-system.ts";
import type { FileRead } from "./files/files.ts";
import type { EntryFile } from "./locks/locks.ts";
import type { UsedDirectory } from "./processes/config-directories.ts";
import type { ProcessAnswer, ProcessQuestion } from "./processes/linux.ts";
import type { ProcessDetails } from "./processes/process-details.ts";
import type { TreeObservation } from "./processes/process-tree.ts";
import type { UnitState } from "./programs/daemon-signs.ts";
import type { SignPlace } from "./programs/sign-givers.ts";
import type { Identity, ProcessState } from "./programs/signals.ts";
import type { ServerQuestion } from "./sockets/app-server.ts";

/** What can be seen of the world. Commands that only look are given no more, so the compiler keeps them from writing. */
export type LookingHost = {
  readonly clock: () => Clock;
  readonly here: () => Here;
  /** Whether the kernel counts the wall clock as set by a better one. */
  readonly isClockSynchronised: () => Observed<boolean>;
  readonly selfTest: () => SelfTest;
  readonly lookAtProcesses: (question: ProcessQuestion) => Observed<ProcessAnswer> | Promise<Observed<ProcessAnswer>>;
  /** What these pids are now, and nothing of other processes. */
  readonly lookAtPids: (pids: Iterable<number>) => ProcessTable["pids"];
  /** When the process with this pid started, in ticks; undefined when there is none, or only a zombie. */
  readonly startOfPid: (pid: number) => string | undefined;
  /** The open files of all processes, beside what an earlier look has found in their arguments. */
  readonly lookAtAllFiles: (question: MentionQuestion, before: Mentions) => Observed<Mentions>;
  /** Which of these files are locked. */
  readonly lookAtLocks: (files: Iterable<EntryFile>) => Observed<FileLocks>;
  /** The paths of the files that a process holds open. */
  readonly openPaths: (pid: number) => Observed<readonly string[]>;
  /** What a process runs, told by its files; `target` is what its arguments say that a runtime was told to run. */
  readonly programOf: (process: Pick<ProcessRow, "pid" | "startTicks">, target: string | undefined) => Observed<Program>;
  readonly homeOf: (uid: number) => string | undefined;
  /** Every user who has a process now: no evidence, only a reason to read what a home says or not. */
  readonly usersHere: () => ReadonlySet<number> | undefined;
  /** Where living processes keep the files of Claude, as their environments say. */
  readonly configDirectories: () => readonly UsedDirectory[];
  readonly askAppServer: (question: ServerQuestion) => Promise<AppServerObservation>;
  /** Ms since boot at which the process that listens at an address started; undefined where none can be named. */
  readonly upSince: (url: string, connectTo: string, table: ProcessTable) => number | undefined;
  readonly probeEndpoint: (endpoint: Endpoint, user: number | undefined) => Promise<EndpointObservation>;
  /** The panes of the tmux server at a socket, or of all servers of a user. */
  readonly lookAtTmux: (socket: string | undefined, user: number) => Promise<TmuxObservation>;
  readonly unitState: (unit: string) => Promise<Observed<UnitState>>;
  readonly isLockHeld: (path: string) => Observed<boolean>;
  /** Whether one of these processes gives a sign of an owner that is up. One that cannot be told counts as another's. */
  readonly isGivenBy: (sign: SignPlace, pids: ReadonlySet<number>) => Promise<boolean>;
  readonly readRegistryFile: (path: string, maxSize?: number) => FileRead;
  /** The rows of one table of a database that are claims. No file is changed or made. */
  readonly readTable: (path: string, question: TableQuestion, maxSize?: number) => TableRead;
  /** This machine's rows of one table of a server that are claims. Nothing is changed there. */
  readonly readServerTable: (question: DatabaseQuestion, maxSize?: number) => Promise<TableRead>;
  /** Every machine that a server's table names. Nothing is changed there. */
  readonly readFleet: (question: DatabaseQuestion) => Promise<FleetRead>;
  /** Why no row of a database may be changed now, although its file's rights allow it; undefined when one may. */
  readonly databaseObstacle: (file: DatabaseFile) => string | undefined;
  readonly listDirectory: (path: string, patterns: readonly string[], kind?: EntryKind) => Listing;
  readonly readEntryFile: (root: string, key: string) => EntryRead;
  readonly readEntryLink: (root: string, key: string) => EntryRead;
  readonly stateOfEntry: (root: string, key: string) => Observed<FileState | undefined>;
  /** Every pid that is there now: no evidence, only a reason to open a file or not. */
  readonly livingPids: () => ReadonlySet<number> | undefined;
  readonly fileSystemOf: (path: string) => Observed<FileSystem>;
  /** Whether this process still has a file open for writing, or has locked it; one that may not be looked at counts as having it. */
  readonly usesFile: (user: UserProcess, path: string) => boolean;
  /** Why nothing may be written to a file, or to the entries in a directory; undefined when it may. `shared: false` says that no other machine has it. */
  readonly reportOnlyReason: (realPath: string, stat: BigIntStats, shared: boolean | undefined) => string | undefined;
  /** Whether the file system at a path is mounted so that this process cannot write to it, as in a unit's sandbox. */
  readonly isReadOnly: (realPath: string) => boolean;
  /** This process, the user it acts for, and the processes that it descends from. */
  readonly self: () => Self;
  /** Every process with its parent, in one look. */
  readonly lookAtTree: () => Observed<TreeObservation>;
  /** What a person wants to know of a process. `bootMs` is the boot clock of now, from which its age is told. */
  readonly detailsOf: (row: ProcessRow, bootMs: number | undefined) => ProcessDetails;
  readonly processState: (identity: Identity) => ProcessState;
  /** Pids of this user's processes that a command of `runCommand` started, however far from it they are. */
  readonly markedProcesses: (tree: ProcessTree) => ReadonlySet<number>;
  readonly digest: (text: string) => string;
  /** Ten hexadecimal digits that tell the sweeps of one second apart, of which each launcher's exit hook may start one. */
  readonly randomSuffix: () => string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly store: LookingStore;
};

/** What can be seen of the state directory. */
export type LookingStore = {
  readonly loadMemory: () => { readonly memory: Memory; readonly problem: string | undefined };
};
