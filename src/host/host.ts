import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Memory } from "../core/memory.ts";
import { captureEntries } from "./capture/capture.ts";
import { dropDirectory, leftDirectory } from "./capture/own-directory.ts";
import type { Captured, JudgedFile } from "./capture/quarantine.ts";
import { type TakeOver, takeOver } from "./capture/exchange-file.ts";
import { type FileToRestore, type PutBack, restoreEntryFiles } from "./capture/restore-entry.ts";
import { changeRows, databaseObstacle, type RowChange, type RowChanged } from "./databases/change-rows.ts";
import { readTable } from "./databases/read-table.ts";
import type { Sweeper } from "../registries/rows/fleet-statements.ts";
import type { ServerChange } from "../registries/rows/server-changes.ts";
import type { ServerTableShape } from "../registries/rows/server-statements.ts";
import type { Columns } from "../registries/rows/statements.ts";
import type { ServerReturn } from "./databases/change-server.ts";
import type { DatabaseQuestion, ServerTable } from "./databases/server-read.ts";
import type { DatabaseFile } from "./databases/table-read.ts";
import type { Piece } from "./files/chunks.ts";
import { sha256 } from "./files/digest.ts";
import { directoriesOf, listDirectory, readEntryFile, readEntryLink, stateOfEntry } from "./files/directory.ts";
import { isUsedBy } from "./locks/file-users.ts";
import { fileSystemOf } from "./files/file-system.ts";
import { type ReadFile, fsyncDirectory, readRegistryFile } from "./files/files.ts";
import { homeOf } from "./files/homes.ts";
import { recoverQuarantined, removeLeftovers } from "./files/leftovers.ts";
import { isReadOnly, reportOnlyReason, sharedStateReason } from "./files/writability.ts";
import { lookAtLocks } from "./locks/locks.ts";
import type { LookingHost, LookingStore } from "./looking-host.ts";
import { look } from "./observed.ts";
import { markedProcesses, withOwnMark } from "./processes/lineage.ts";
import { hostName, lookHere, readClock, selfTest } from "./processes/linux-here.ts";
import { configDirectories } from "./processes/config-directories.ts";
import { ancestorsOf, livingPids, lookAtProcesses, usersHere } from "./processes/linux.ts";
import { lookAtPids } from "./processes/recorded-pid.ts";
import { startOfPid } from "./processes/threads.ts";
import { hasStarted, lookAtAllFiles, type IsOurs } from "./processes/mentions.ts";
import { openFilesOf } from "./processes/open-files.ts";
import { detailsOf } from "./processes/process-details.ts";
import { lookAtTree } from "./processes/process-tree.ts";
import { programOf } from "./programs/program.ts";
import { isLockHeld, unitState } from "./programs/daemon-signs.ts";
import { isGivenBy } from "./programs/sign-givers.ts";
import { runRelease } from "./programs/release-command.ts";
import { type CommandEnd, runCommand } from "./programs/run-command.ts";
import { isClockSynchronised } from "./programs/synchronised.ts";
import { type Identity, type SentSignal, processState, signalExactly } from "./programs/signals.ts";
import { lookAtTmux } from "./programs/tmux.ts";
import { askAppServer } from "./sockets/app-server.ts";
import { probeEndpoint } from "./sockets/endpoints.ts";
import { upSince } from "./sockets/listeners.ts";
import { type TakenLock, takeSessionLock } from "./sockets/session-lock.ts";
import { type HistoryLine, appendHistory } from "./state/history.ts";
import { loadMemory, saveMemory } from "./state/memory-store.ts";
import { type RunLock, takeRunLock } from "./state/run-lock.ts";
import { writeTombstones, voidTombstones, makeRoom } from "./state/tombstones.ts";
import { replaceJudged } from "./swap/swap.ts";
import type { Replaced } from "./swap/swap-job.ts";

/** All that sweeps, watches and commands about owners need of the world. Tests hand in a simulated one. */
export type Host = LookingHost & {
  readonly runRelease: (command: readonly string[], values: Readonly<Record<string, string>>) => Promise<string | undefined>;
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

function storeIn(stateDir: string): Store {
  return {
    loadMemory: () => loadMemory(stateDir),
    saveMemory: (memory) => saveMemory(stateDir, memory),
    tombstoneRoom: (nowMs) => makeRoom(stateDir, nowMs),
    writeTombstones: (sweepId, tombstones) => writeTombstones(stateDir, sweepId, tombstones),
    voidTombstones: (sweepId, ids) => voidTombstones(stateDir, sweepId, ids),
    appendHistory: (line) => appendHistory(stateDir, line),
    takeRunLock: () => takeRunLock(stateDir),
  };
}

/** The tool starts its helpers and nothing else. What the process has started in which a sweep is a guest can run a session. */
const servants: Readonly<Record<"tool" | "guest", IsOurs>> = { tool: hasStarted, guest: () => false };

/** This machine. The way to look at processes is chosen once: `/proc`, or ps-list where there is none. */
export async function realHost(stateDir: string, version: string, as: keyof typeof servants = "tool"): Promise<Host> {
  const probe =
    process.platform === "linux"
      ? {
          readClock,
          lookHere,
          selfTest,
          lookAtProcesses,
          lookAtPids,
          livingPids,
          usersHere,
          configDirectories,
          startOfPid,
          lookAtTree,
          lookAtAllFiles,
          lookAtLocks,
        }
      : await import("./processes/portable.ts");
  return {
    clock: probe.readClock,
    here: () => probe.lookHere(hostName()),
    isClockSynchronised,
    selfTest: probe.selfTest,
    lookAtProcesses: (question) => probe.lookAtProcesses(question, servants[as]),
    lookAtPids: probe.lookAtPids,
    startOfPid: probe.startOfPid,
    lookAtAllFiles: (question, before) => probe.lookAtAllFiles(question, before, servants[as]),
    lookAtLocks: probe.lookAtLocks,
    openPaths: (pid) => look(`the open files of pid ${pid}`, () => openFilesOf(pid).map(({ path }) => path)),
    programOf,
    homeOf,
    usersHere: probe.usersHere,
    configDirectories: probe.configDirectories,
    askAppServer: (question) => askAppServer(question, version),
    upSince,
    probeEndpoint,
    lookAtTmux,
    unitState,
    isLockHeld,
    isGivenBy,
    runRelease,
    readRegistryFile,
    listDirectory,
    readEntryFile,
    readEntryLink,
    stateOfEntry,
    livingPids: probe.livingPids,
    captureEntries,
    recoverQuarantined: (root, keys) => recoverQuarantined(root, keys, Date.now()),
    dropDirectory,
    leftDirectory,
    restoreEntryFiles,
    takeOver,
    fileSystemOf: (path) => look(path, () => fileSystemOf(path)),
    syncDirectories: (root, keys) => {
      // A directory that went with its entry is missing from the one above it.
      const present = directoriesOf(root, keys).map((directory) => (existsSync(directory) ? directory : dirname(directory)));
      for (const directory of new Set(present)) fsyncDirectory(directory);
    },
    usesFile: ({ pid, startTicks }, path) => probe.startOfPid(pid) === startTicks && isUsedBy(pid, path),
    isReadOnly,
    reportOnlyReason: (realPath, stat, shared) => reportOnlyReason(realPath, stat, shared) ?? sharedStateReason(stateDir),
    replaceJudged,
    readTable,
    // A client of PostgreSQL is read where a table of a server is, and nowhere else.
    readServerTable: async (...question) => (await import("./databases/read-server.ts")).readServerTable(...question),
    readFleet: async (question) => (await import("./databases/fleet.ts")).readFleet(question),
    recordHost: async (...said) => (await import("./databases/fleet.ts")).recordHost(...said),
    initFleet: async (...made) => (await import("./databases/fleet.ts")).initFleet(...made),
    databaseObstacle,
    changeRows,
    changeServerRows: async (...change) => (await import("./databases/change-server.ts")).changeServerRows(...change),
    restoreServerRows: async (...rows) => (await import("./databases/change-server.ts")).restoreServerRows(...rows),
    isServerRowThere: async (...row) => (await import("./databases/change-server.ts")).isServerRowThere(...row),
    removeLeftovers: (path) => removeLeftovers(path, Date.now()),
    self: () => ({ pid: process.pid, uid: process.getuid?.() ?? -1, ancestors: ancestorsOf(process.pid) }),
    lookAtTree: probe.lookAtTree,
    detailsOf,
    processState,
    signalExactly,
    takeSessionLock: (session) => takeSessionLock(stateDir, session),
    runCommand: (command, env, onStart) => runCommand(command, withOwnMark(env), onStart),
    markedProcesses,
    digest: (text) => sha256(text).slice(0, 32),
    randomSuffix: () => randomBytes(5).toString("hex"),
    sleep: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
    store: storeIn(stateDir),
  };
}
