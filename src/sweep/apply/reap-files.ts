import type { Captured } from "../../host/capture/capture.ts";
import type { FileState } from "../../host/files/file-state.ts";
import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { KeptFile } from "../../core/tombstone.ts";
import { tombstonesFull, tombstoneLine, unwritten } from "./tombstone-batch.ts";
import type { TombstoneBatch } from "../tombstone-writer.ts";
import type { Pass } from "../pass.ts";
import type { ExaminedEntry, FilesExamined } from "../judge/examined.ts";
import { lastLookRequest, lastLook } from "./last-look.ts";
import type { FilesRegistry } from "../load/loaded.ts";
import { succeeded, recordAll, stopped, notDone, type Outcome, type Outcomes } from "./outcome.ts";

/** An entry whose file was read, so that its tombstone can hold what it said. */
type ReadyFile = { readonly one: ExaminedEntry; readonly state: FileState; readonly bytes: Buffer };

/** What a tombstone keeps of a file: all it said, and what the file system knew of it. */
export function keptFile({ state, bytes }: Pick<ReadyFile, "state" | "bytes">): KeptFile {
  return {
    layout: "files",
    content: bytes.toString("base64"),
    mode: state.mode,
    uid: state.uid,
    gid: state.gid,
    modifiedAt: Math.round(state.mtimeMs),
  };
}

/** A file that was not opened to be judged is read before it goes; undefined where that cannot be. */
function readyFile(host: Host, root: string, one: ExaminedEntry): ReadyFile | undefined {
  const { key, place } = one.entry;
  if (place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  const { state, bytes } = place;
  if (bytes !== undefined) return { one, state, bytes };
  const read = host.readEntryFile(root, key);
  return read.kind === "read" ? { one, state, bytes: read.bytes } : undefined;
}

function outcomeOf(captured: Captured, id: string): Outcome {
  switch (captured.kind) {
    case "dropped":
      return succeeded("reaped", id);
    case "changed":
      return notDone("skipped", "it changed since it was judged");
    case "gone":
      return notDone("skipped", "somebody else removed it");
    case "failed":
      return notDone("failed", captured.problem);
  }
}

/** A file that may go, with the tombstone that it has. */
type FileToReap = { readonly ready: ReadyFile; readonly id: string };

function dropAll(host: Host, { realPath, target }: FilesRegistry, toReap: readonly FileToReap[]): readonly Outcome[] {
  const captured = host.captureEntries(
    realPath,
    toReap.map(({ ready: { one, state, bytes } }) => ({ key: one.entry.key, state, bytes })),
  );
  const hasOwnDirectory = target.format.layout === "files" && target.format.ownDirectory;
  return toReap.map(({ ready: { one }, id }, index) => {
    const what = captured[index] ?? { kind: "failed", problem: "nobody captured it" };
    if (what.kind === "dropped" && hasOwnDirectory) host.dropDirectory(realPath, one.entry.key);
    return outcomeOf(what, id);
  });
}

/** What was removed is removed: whatever fails from then on is said of each, and turns nothing into a fault. */
function note(outcomes: Map<string, Outcome>, keys: readonly string[], what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    for (const key of keys) {
      const before = outcomes.get(key);
      const said = `${what}: ${formatError(error)}`;
      if (before !== undefined) outcomes.set(key, { ...before, note: before.note === undefined ? said : `${before.note}; ${said}` });
    }
  }
}

/** So many files are read, written as tombstones and removed together, after one last look and between two checks for a signal. */
const turn = 8192;

function* turnsOf<T>(all: Iterable<T>): Generator<readonly T[], undefined> {
  let held: T[] = [];
  for (const one of all) {
    held.push(one);
    if (held.length < turn) continue;
    yield held;
    held = [];
  }
  if (held.length > 0) yield held;
}

/**
 * Reaps the files of one turn. Tombstones go first; those whose entry was not reaped are taken back. Returns why none
 * could be written.
 */
async function reapTurn(
  pass: Pass,
  examined: FilesExamined,
  condemned: readonly ExaminedEntry[],
  outcomes: Map<string, Outcome>,
): Promise<string | undefined> {
  const { host } = pass;
  const { loaded } = examined;
  const record = (some: readonly ExaminedEntry[], outcome: Outcome): void => recordAll(outcomes, some, outcome);
  record(condemned, notDone("skipped", "it could not be read, so nothing of it could be kept"));
  const ready = condemned.flatMap((one) => readyFile(host, loaded.realPath, one) ?? []);
  const byEntry = new Map(ready.map((one) => [one.one, one]));
  const readable = ready.map(({ one }) => one);
  let batch: TombstoneBatch<ExaminedEntry>;
  try {
    batch = pass.tombstones.write(loaded, readable, {
      makeLine: (one) => tombstoneLine(one, keptFile(byEntry.get(one) as ReadyFile)),
    });
  } catch (error) {
    const problem = `no tombstone could be written: ${formatError(error)}`;
    record(readable, notDone("failed", problem));
    return problem;
  }
  const { entries, ids } = batch;
  record(unwritten(readable, batch), notDone("pending", tombstonesFull));
  if (entries.length === 0) return undefined;
  const toReap = entries.map((one, index): FileToReap => ({ ready: byEntry.get(one) as ReadyFile, id: ids[index] as string }));
  const { ownerUp, dead } = await lastLook(pass, examined, lastLookRequest(entries));
  if (pass.stop.signal !== undefined) record(entries, notDone("skipped", stopped));
  else if (ownerUp) record(entries, notDone("withheld", "its owner came up"));
  else {
    record(entries, notDone("skipped", "it came back to life"));
    const going = toReap.filter(({ ready: { one } }) => dead.has(one.entry.key));
    for (const [index, outcome] of dropAll(host, loaded, going).entries()) {
      outcomes.set((going[index] as FileToReap).ready.one.entry.key, outcome);
    }
  }
  const keys = entries.map(({ entry }) => entry.key);
  const taken = toReap.filter(({ ready: { one } }) => outcomes.get(one.entry.key)?.action !== "reaped");
  note(outcomes, keys, "afterwards", () => host.syncDirectories(loaded.realPath, keys));
  if (taken.length > 0) {
    const ofTaken = taken.map(({ ready: { one } }) => one.entry.key);
    const back = (): void => pass.tombstones.void(taken.map(({ id }) => id));
    note(outcomes, ofTaken, "its tombstone could not be taken back", back);
  }
  return undefined;
}

/** Reaps files, so many at a time that what is held of them does not grow with the registry. */
export async function reapFiles(pass: Pass, examined: FilesExamined, condemned: Iterable<ExaminedEntry>): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  let problem: string | undefined;
  for (const these of turnsOf(condemned)) {
    if (pass.stop.signal !== undefined) recordAll(outcomes, these, notDone("skipped", stopped));
    else if (problem !== undefined) recordAll(outcomes, these, notDone("failed", problem));
    else problem = await reapTurn(pass, examined, these, outcomes);
    // A signal is heard only between two turns of the event loop.
    await pass.host.sleep(0);
  }
  return outcomes;
}
