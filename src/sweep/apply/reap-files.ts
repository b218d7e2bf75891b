import type { Captured } from "../../host/capture/capture.ts";
import type { FileState } from "../../host/files/file-state.ts";
import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { KeptFile } from "../../core/tombstone.ts";
import { writeTombstones, tombstonesFull, tombstoneLine, unwritten, type TombstoneBatch } from "./tombstone-batch.ts";
import type { Examination } from "../examine.ts";
import type { Examined, ExaminedEntry } from "../judge/examined.ts";
import { condemnedOf, lastLook } from "./last-look.ts";
import type { FilesRegistry } from "../load/loaded.ts";
import { done, settleAll, stopped, undone, type TombstoneWriter, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";

/** An entry whose file was read, so that its tombstone can hold what it said. */
type Whole = { readonly one: ExaminedEntry; readonly state: FileState; readonly bytes: Buffer };

/** What a tombstone keeps of a file: all it said, and what the file system knew of it. */
export function keptFile({ state, bytes }: Pick<Whole, "state" | "bytes">): KeptFile {
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
function wholeOf(host: Host, root: string, one: ExaminedEntry): Whole | undefined {
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
      return done("reaped", id);
    case "changed":
      return undone("skipped", "it changed since it was judged");
    case "gone":
      return undone("skipped", "somebody else removed it");
    case "failed":
      return undone("failed", captured.problem);
  }
}

/** A file that may go, with the tombstone that it has. */
type Doomed = { readonly whole: Whole; readonly id: string };

function dropAll(host: Host, { realPath, target }: FilesRegistry, doomed: readonly Doomed[]): readonly Outcome[] {
  const captured = host.captureEntries(
    realPath,
    doomed.map(({ whole: { one, state, bytes } }) => ({ key: one.entry.key, state, bytes })),
  );
  const hasOwnDirectory = target.format.layout === "files" && target.format.ownDirectory;
  return doomed.map(({ whole: { one }, id }, index) => {
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

/** So many files are read, buried and removed together, after one last look, and between two looks for a signal. */
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
  host: Host,
  examination: Examination,
  examined: Examined & { readonly loaded: FilesRegistry },
  condemned: readonly ExaminedEntry[],
  tombstones: TombstoneWriter,
  around: Surroundings,
  outcomes: Map<string, Outcome>,
): Promise<string | undefined> {
  const { loaded } = examined;
  const settle = (some: readonly ExaminedEntry[], outcome: Outcome): void => settleAll(outcomes, some, outcome);
  settle(condemned, undone("skipped", "it could not be read, so nothing of it could be kept"));
  const whole = condemned.flatMap((one) => wholeOf(host, loaded.realPath, one) ?? []);
  const byEntry = new Map(whole.map((one) => [one.one, one]));
  const readable = whole.map(({ one }) => one);
  let batch: TombstoneBatch<ExaminedEntry>;
  try {
    batch = writeTombstones(host, tombstones, loaded, readable, (one) => tombstoneLine(one, keptFile(byEntry.get(one) as Whole)));
  } catch (error) {
    const problem = `no tombstone could be written: ${formatError(error)}`;
    settle(readable, undone("failed", problem));
    return problem;
  }
  const { entries, ids } = batch;
  settle(unwritten(readable, batch), undone("pending", tombstonesFull));
  if (entries.length === 0) return undefined;
  const doomed = entries.map((one, index): Doomed => ({ whole: byEntry.get(one) as Whole, id: ids[index] as string }));
  const dead = await lastLook(host, examination, examined, condemnedOf(entries), around);
  if (around.stop.signal !== undefined) settle(entries, undone("skipped", stopped));
  else if (dead === undefined) settle(entries, undone("withheld", "its owner came up"));
  else {
    settle(entries, undone("skipped", "it came back to life"));
    const going = doomed.filter(({ whole: { one } }) => dead.has(one.entry.key));
    for (const [index, outcome] of dropAll(host, loaded, going).entries()) {
      outcomes.set((going[index] as Doomed).whole.one.entry.key, outcome);
    }
  }
  const keys = entries.map(({ entry }) => entry.key);
  const taken = doomed.filter(({ whole: { one } }) => outcomes.get(one.entry.key)?.action !== "reaped");
  note(outcomes, keys, "afterwards", () => host.syncDirectories(loaded.realPath, keys));
  if (taken.length > 0) {
    const ofTaken = taken.map(({ whole: { one } }) => one.entry.key);
    const back = (): void =>
      host.store.voidTombstones(
        tombstones.sweepId,
        taken.map(({ id }) => id),
      );
    note(outcomes, ofTaken, "its tombstone could not be taken back", back);
  }
  return undefined;
}

/** Reaps files, so many at a time that what is held of them does not grow with the registry. */
export async function reapFiles(
  host: Host,
  examination: Examination,
  examined: Examined,
  condemned: Iterable<ExaminedEntry>,
  tombstones: TombstoneWriter,
  around: Surroundings,
): Promise<Outcomes> {
  const { loaded } = examined;
  if (loaded.kind !== "files") throw new TypeError("a registry with one file an entry was expected");
  const outcomes = new Map<string, Outcome>();
  let problem: string | undefined;
  for (const these of turnsOf(condemned)) {
    if (around.stop.signal !== undefined) settleAll(outcomes, these, undone("skipped", stopped));
    else if (problem !== undefined) settleAll(outcomes, these, undone("failed", problem));
    else problem = await reapTurn(host, examination, { ...examined, loaded }, these, tombstones, around, outcomes);
    // A signal is heard only between two turns of the event loop.
    await host.sleep(0);
  }
  return outcomes;
}
