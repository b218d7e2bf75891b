import type { Memory } from "../core/memory/memory.ts";
import type { aclsOf } from "./capture/acl.ts";
import type { Captured, JudgedFile } from "./capture/quarantine.ts";
import type { TakeOver } from "./capture/exchange-file.ts";
import type { FileToRestore, PutBack } from "./capture/restore-entry.ts";
import type { RowChange, RowChanged } from "./databases/change-rows.ts";
import type { Sweeper } from "../registries/rows/fleet-statements.ts";
import type { ServerChange } from "../registries/rows/server-changes.ts";
import type { ServerTableShape } from "../registries/rows/server-statements.ts";
import type { Columns } from "../registries/rows/statements.ts";
import type { ServerReturn } from "./databases/change-server.ts";
import type { DatabaseQuestion, ServerTable } from "./databases/server-read.ts";
import type { DatabaseFile } from "./databases/table-read.ts";
import type { Piece } from "./files/chunks.ts";
import type { ReadFile } from "./files/files.ts";
import type { LookingHost, LookingStore } from "./looking-host.ts";
import type { CommandEnd } from "./programs/run-command.ts";
import type { Identity, SentSignal } from "./programs/signals.ts";
import type { TakenLock } from "./sockets/session-lock.ts";
import type { HistoryLine } from "./state/history.ts";
import type { RunLock } from "./state/run-lock.ts";
import type { Replaced } from "./swap/swap-job.ts";

/** All that sweeps, watches and commands about owners need of the world. Tests hand in a simulated one. */
export type Host = LookingHost & {
  readonly runRelease: (command: readonly string[], values: Readonly<Record<string, string>>) => Promise<string | undefined>;
  /** The ACLs of those files whose mode alone would say too much, for their tombstones. */
  readonly aclsOf: typeof aclsOf;
  /** Removes files that are still the ones that were judged; answers in their order. */
  readonly captureEntries: (root: string, judged: readonly JudgedFile[]) => readonly Captured[];
  /** Puts back files that a killed sweep left in quarantine. Returns what could not be recovered. */
  readonly recoverQuarantined: (root: string, keys: readonly string[]) => readonly string[];
  /** Removes the directory of an entry that has gone, and says where it stays. */
  readonly dropDirectory: (root: string, key: string) => string | undefined;
  /** Says where an entry that has gone left its directory empty. */
  readonly leftDirectory: (root: string, key: string) => string | undefined;
  readonly restoreEntryFiles: (root: string, files: readonly FileToRestore[]) => Promise<readonly PutBack[]>;
  /** Puts a file in the place of the very one that was judged; of many contenders one wins. */
  readonly takeOver: (root: string, judged: JudgedFile, file: FileToRestore) => TakeOver;
  /** Makes durable what was removed from the directories of these entries. */
  readonly syncDirectories: (root: string, keys: readonly string[]) => void;
  readonly replaceJudged: (file: ReadFile, pieces: readonly Piece[], lastLook: () => Promise<boolean>) => Promise<Replaced>;
  /** Changes rows of a database that was judged, each by a statement of its own; answers in their order. */
  readonly changeRows: (file: DatabaseFile, rowChanges: readonly RowChange[]) => readonly RowChanged[];
  /** Changes this machine's rows of a server's table that was judged, all by one statement; answers in their order. */
  readonly changeServerRows: (
    table: ServerTable,
    shape: ServerTableShape,
    changes: readonly ServerChange[],
  ) => Promise<readonly RowChanged[]>;
  /** Puts rows back into a server's table; answers in their order. */
  readonly restoreServerRows: (
    table: ServerTable,
    shape: ServerTableShape,
    rows: readonly ServerReturn[],
  ) => Promise<readonly RowChanged[]>;
  /** Says to a server that this machine has swept, or that its name is not its own alone. */
  readonly recordHost: (table: ServerTable, sweeper: Sweeper, periodMs: number, isContested: boolean) => Promise<void>;
  /** Makes a server's table of hosts; returns why it could not be made. */
  readonly initFleet: (question: DatabaseQuestion, schema: string) => Promise<string | undefined>;
  /** Whether another row has the key of one, by a look. */
  readonly isServerRowThere: (table: ServerTable, shape: ServerTableShape, columns: Columns) => Promise<boolean>;
  /** Removes what killed sweeps have left beside a registry. */
  readonly removeLeftovers: (path: string) => void;
  /**
   * Sends signals, in their order, to exactly these processes; never to this one, nor to another user's. Where one of
   * `staying` has ended right before, none is sent.
   */
  readonly signalExactly: (
    identities: readonly Identity[],
    signals: readonly NodeJS.Signals[],
    staying: readonly Identity[],
  ) => readonly SentSignal[];
  /** Takes the lock of a session, by its canonical id. The kernel gives it to one process, and frees it when that ends. */
  readonly takeSessionLock: (session: string) => Promise<TakenLock>;
  /** Runs a command on this process's terminal until it ends; `onStart` hears its pid. */
  readonly runCommand: (command: readonly string[], env: NodeJS.ProcessEnv, onStart: (pid: number) => void) => Promise<CommandEnd>;
  readonly store: Store;
};

/** What is kept between sweeps, in the state directory. */
export type Store = LookingStore & {
  readonly saveMemory: (memory: Memory) => Promise<void>;
  /** Drops tombstones by their age, which wants a clock that can be trusted, and says how many bytes may be written. */
  readonly tombstoneRoom: (nowMs: number | undefined) => number;
  readonly writeTombstones: (sweepId: string, tombstones: Iterable<string>) => void;
  readonly voidTombstones: (sweepId: string, ids: readonly string[]) => void;
  readonly appendHistory: (line: HistoryLine) => void;
  readonly takeRunLock: () => Promise<RunLock | undefined>;
};
