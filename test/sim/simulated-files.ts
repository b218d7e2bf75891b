import type { BigIntStats } from "node:fs";
import { seen, unseen } from "../../src/core/evidence.ts";
import type { Captured, JudgedFile } from "../../src/host/capture/quarantine.ts";
import type { Listing } from "../../src/host/files/entries/directory.ts";
import type { FileState } from "../../src/host/files/file-state.ts";
import type { FileRead, ReadFile } from "../../src/host/files/files.ts";
import type { Host } from "../../src/host/host.ts";
import type { Piece } from "../../src/host/files/chunks.ts";
import type { Replaced } from "../../src/host/swap/swap-job.ts";
import { capturesOf, heldPath, nameBefore, type DiskFile } from "./disk.ts";
import type { Machine } from "./machine.ts";
import type { Blindness, Interference } from "./simulated-host.ts";

type FileHost = Pick<
  Host,
  | "readRegistryFile"
  | "replaceJudged"
  | "listDirectory"
  | "readEntryFile"
  | "readEntryLink"
  | "stateOfEntry"
  | "aclsOf"
  | "captureEntries"
  | "recoverQuarantined"
  | "dropDirectory"
  | "leftDirectory"
  | "restoreEntryFiles"
  | "syncDirectories"
  | "readTable"
  | "databaseObstacle"
  | "changeRows"
  | "readServerTable"
  | "changeServerRows"
  | "readFleet"
  | "recordHost"
  | "initFleet"
  | "restoreServerRows"
  | "isServerRowThere"
>;

const stateOf = ({ ino, text, modifiedMs, changedMs, changes, uid }: DiskFile): FileState => {
  return {
    dev: 1,
    ino,
    size: Buffer.byteLength(text),
    mtimeMs: modifiedMs,
    ctimeMs: changedMs + changes / 1024,
    mode: 0o100600,
    uid,
    gid: 1000,
  };
};

const statOf = ({
  modifiedMs,
  changedMs,
  ino,
  uid = 1000,
}: Pick<DiskFile, "modifiedMs" | "changedMs" | "ino"> & { uid?: number }): BigIntStats => {
  const times = { mtimeMs: BigInt(modifiedMs), ctimeMs: BigInt(changedMs) };
  return { uid: BigInt(uid), gid: 1000n, mode: 0o100600n, ...times, ino: BigInt(ino) } as unknown as BigIntStats;
};

/** A slow writer has it open. */
const writtenTo = { kind: "busy", by: { pid: undefined, name: undefined, why: "a slow writer has it open" } } as const;

function isJudged(file: DiskFile, { state, bytes }: JudgedFile): boolean {
  const now = stateOf(file);
  const same = now.ino === state.ino && now.size === state.size && now.mtimeMs === state.mtimeMs;
  return same && (bytes === undefined || bytes.equals(Buffer.from(file.text)));
}

/** The machine's files as a sweep sees them, and as it changes them. */
export function filesOf(machine: Machine, blindness: ReadonlySet<Blindness>, interference: Interference): FileHost {
  const { chance, disk } = machine;

  const read = (path: string): FileRead => {
    const file = disk.at(path);
    if (file === undefined) return { kind: "missing" };
    if (blindness.has("file")) return { kind: "unreadable", problem: "input/output error", cure: "see why" };
    const text = blindness.has("torn") ? file.text.slice(0, chance.below(file.text.length)) : file.text;
    return { kind: "read", file: { realPath: path, stat: statOf(file), bytes: Buffer.from(text) } };
  };

  /** A lease is refused while anybody has the file open; the content is compared under it. */
  async function replace(judged: ReadFile, pieces: readonly Piece[], lastLook: () => Promise<boolean>): Promise<Replaced> {
    interference.meanwhile();
    if (!(await lastLook())) return { kind: "revived" };
    interference.lastMoment(judged.realPath);
    const file = disk.at(judged.realPath);
    if (file?.slow !== undefined) return writtenTo;
    if (file === undefined || BigInt(file.ino) !== judged.stat.ino) return { kind: "changed" };
    if (file.text !== judged.bytes.toString()) return { kind: "changed" };
    if (blindness.has("swap")) return { kind: "failed", problem: "no space left on device" };
    const parts = pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : judged.bytes.subarray(piece.start, piece.end)));
    const before = file.text;
    interference.step();
    disk.write(file.path, Buffer.concat(parts).toString(), machine.wallMs, "rename");
    interference.swapped(file.path, before);
    interference.step();
    return { kind: "replaced", problem: undefined };
  }

  const list = (root: string, patterns: readonly string[]): Listing => {
    if (blindness.has("file")) return { kind: "unreadable", problem: "input/output error", cure: "see why" };
    const all = disk.below(root).map(({ path }) => path.slice(root.length + 1));
    const files = all.flatMap((key) => {
      const captures = nameBefore(key) === undefined ? capturesOf(patterns, key) : undefined;
      return captures === undefined ? [] : [{ key, captures }];
    });
    const quarantined = all.filter((key) => nameBefore(key) !== undefined);
    return {
      kind: "listed",
      realPath: root,
      stat: statOf({ modifiedMs: machine.wallMs, changedMs: machine.wallMs, ino: 1 }),
      files,
      quarantined,
      problems: [],
      passedOver: 0,
    };
  };

  /** By link, which never overwrites: who took the name meanwhile has replaced what was held. */
  const putBack = (held: string, path: string): void => {
    if (disk.at(path) === undefined) disk.move(held, path);
    else disk.remove(held);
  };

  function capture(root: string, judged: readonly JudgedFile[]): readonly Captured[] {
    interference.lastMoment(root);
    const outcomes = judged.map((one): Captured | undefined => {
      interference.step();
      const path = `${root}/${one.key}`;
      const file = disk.at(path);
      if (file === undefined) return { kind: "gone" };
      if (file.slow !== undefined) return writtenTo;
      if (!isJudged(file, one)) return { kind: "changed" };
      if (blindness.has("swap")) return { kind: "failed", problem: "read-only file system" };
      disk.move(path, heldPath(path));
      return undefined;
    });
    interference.held(root);
    return judged.map((one, index): Captured => {
      const before = outcomes[index];
      if (before !== undefined) return before;
      interference.step();
      const path = `${root}/${one.key}`;
      const held = disk.at(heldPath(path));
      if (held === undefined) return { kind: "gone" };
      if (!isJudged(held, one)) {
        putBack(heldPath(path), path);
        return { kind: "changed" };
      }
      disk.remove(heldPath(path));
      interference.captured(root, one.key, held.text);
      return { kind: "dropped" };
    });
  }

  /** Where reading fails, the way to some entries cannot be passed either: not even their state shows then. */
  const isWayLost = (file: DiskFile): boolean => blindness.has("torn") && file.ino % 2 === 0;

  const readEntry: Host["readEntryFile"] = (root, key) => {
    const file = disk.at(`${root}/${key}`);
    if (file === undefined) return { kind: "gone" };
    const isWhole = !blindness.has("torn") || !chance.oneIn(2);
    if (isWayLost(file)) return { kind: "unreadable", state: undefined, problem: "too many symbolic links", failed: true };
    if (!isWhole) return { kind: "unreadable", state: stateOf(file), problem: "input/output error", failed: true };
    return { kind: "read", state: stateOf(file), bytes: Buffer.from(file.text) };
  };

  return {
    readRegistryFile: read,
    // No database is simulated.
    readTable: () => ({ kind: "missing" }),
    databaseObstacle: () => undefined,
    changeRows: (_, rowChanges) => rowChanges.map(() => ({ kind: "changed" })),
    readServerTable: () => Promise.resolve({ kind: "missing" }),
    changeServerRows: (_, __, changes) => Promise.resolve(changes.map(() => ({ kind: "changed" }))),
    restoreServerRows: (_, __, rows) => Promise.resolve(rows.map(() => ({ kind: "changed" }))),
    readFleet: () => Promise.resolve({ kind: "unread", problem: "there is no server" }),
    recordHost: () => Promise.resolve(),
    initFleet: () => Promise.resolve("there is no server"),
    isServerRowThere: () => Promise.resolve(false),
    replaceJudged: replace,
    listDirectory: list,
    readEntryFile: readEntry,
    // On this disk a symbolic link is a file that says where it leads.
    readEntryLink: readEntry,
    stateOfEntry: (root, key) => {
      const file = disk.at(`${root}/${key}`);
      return file !== undefined && isWayLost(file) ? unseen("too many symbolic links") : seen(file && stateOf(file));
    },
    aclsOf: () => new Map(),
    captureEntries: capture,
    recoverQuarantined: (root, keys) => {
      for (const key of keys) putBack(`${root}/${key}`, nameBefore(`${root}/${key}`) ?? "");
      return [];
    },
    dropDirectory: () => undefined,
    leftDirectory: () => undefined,
    restoreEntryFiles: async (root, files) =>
      files.map(({ key, content, modifiedAt }) => {
        if (disk.at(`${root}/${key}`) !== undefined) return { kind: "newcomer" };
        disk.create(`${root}/${key}`, content.toString(), modifiedAt);
        return { kind: "restored" };
      }),
    syncDirectories: () => {
      if (blindness.has("sync")) throw new Error("input/output error");
    },
  };
}
