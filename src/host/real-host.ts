import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { aclsOf } from "./capture/acl.ts";
import { captureEntries } from "./capture/capture.ts";
import { dropDirectory, leftDirectory } from "./capture/own-directory.ts";
import { takeOver } from "./capture/exchange-file.ts";
import { restoreEntryFiles } from "./capture/restore-entry.ts";
import { changeRows, databaseObstacle } from "./databases/change-rows.ts";
import { readTable } from "./databases/read-table.ts";
import { sha256 } from "./files/digest.ts";
import { directoriesOf, listDirectory } from "./files/entries/directory.ts";
import { readEntryFile, readEntryLink, stateOfEntry } from "./files/entries/entry-files.ts";
import { isUsedBy } from "./locks/file-users.ts";
import { fileSystemOf } from "./files/file-system.ts";
import { fsyncDirectory, readRegistryFile } from "./files/files.ts";
import { homeOf } from "./files/homes.ts";
import { recoverQuarantined, removeLeftovers } from "./files/leftovers.ts";
import { isReadOnly, reportOnlyReason, sharedStateReason } from "./files/writability.ts";
import { lookAtLocks } from "./locks/locks.ts";
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
import { runCommand } from "./programs/run-command.ts";
import { isClockSynchronised } from "./programs/synchronised.ts";
import { processState, signalExactly } from "./programs/signals.ts";
import { lookAtTmux } from "./programs/tmux.ts";
import { askAppServer } from "./sockets/app-server.ts";
import { probeEndpoint } from "./sockets/endpoints.ts";
import { upSince } from "./sockets/listeners.ts";
import { takeSessionLock } from "./sockets/session-lock.ts";
import { appendHistory } from "./state/history.ts";
import { loadMemory, saveMemory } from "./state/memory-store.ts";
import { takeRunLock } from "./state/run-lock.ts";
import { writeTombstones, voidTombstones, makeRoom } from "./state/tombstones.ts";
import { replaceJudged } from "./swap/swap.ts";
import type { Host, Store } from "./host.ts";

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
    aclsOf,
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
