import type { Captured, JudgedFile } from "../host/capture.ts";
import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { KeptFile } from "../host/tombstones.ts";
import { bury, noRoom, type Burial } from "./burial.ts";
import type { Examination, Examined, ExaminedEntry } from "./examine.ts";
import { lastLook } from "./last-look.ts";
import type { FilesRegistry } from "./loaded.ts";
import { done, settleAll, stopped, undone, type Grave, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";

/** What a tombstone keeps of a file: all it said, and what the file system knew of it. */
function keptOf({ entry }: ExaminedEntry): KeptFile {
  if (entry.place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  const { state, bytes } = entry.place;
  return {
    layout: "files",
    content: bytes?.toString("base64"),
    mode: state.mode,
    uid: state.uid,
    gid: state.gid,
    modifiedAt: Math.round(state.mtimeMs),
  };
}

/** A file that was not opened to be judged is read before it goes: its tombstone must hold what it said. */
function withContent(host: Host, root: string, one: ExaminedEntry): ExaminedEntry {
  const { entry } = one;
  if (entry.place.kind !== "file" || entry.place.bytes !== undefined) return one;
  const read = host.readEntryFile(root, entry.key);
  return read.kind === "read" ? { ...one, entry: { ...entry, place: { ...entry.place, bytes: read.bytes } } } : one;
}

function hasContent({ entry }: ExaminedEntry): boolean {
  return entry.place.kind === "file" && entry.place.bytes !== undefined;
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

function judgedFile({ entry }: ExaminedEntry): JudgedFile {
  if (entry.place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  return { key: entry.key, state: entry.place.state, bytes: entry.place.bytes };
}

/** Files of one turn that may go, with the tombstones that they have. */
type Doomed = { readonly one: ExaminedEntry; readonly id: string };

function dropAll(host: Host, { realPath, target }: FilesRegistry, doomed: readonly Doomed[]): readonly Outcome[] {
  const captured = host.captureEntries(
    realPath,
    doomed.map(({ one }) => judgedFile(one)),
  );
  const hasOwnDirectory = target.format.layout === "files" && target.format.ownDirectory;
  return doomed.map(({ one, id }, index) => {
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
      const said = `${what}: ${sayError(error)}`;
      if (before !== undefined) outcomes.set(key, { ...before, note: before.note === undefined ? said : `${before.note}; ${said}` });
    }
  }
}

/** So many files are removed after one last look, and between two looks for a signal. */
const turn = 8192;

/** Reaps files. Tombstones go first, all together; those whose entry was not reaped are taken back. */
export async function reapFiles(
  host: Host,
  examination: Examination,
  examined: Examined,
  condemned: readonly ExaminedEntry[],
  grave: Grave,
  around: Surroundings,
): Promise<Outcomes> {
  const { loaded } = examined;
  if (loaded.kind !== "files") throw new TypeError("a registry with one file an entry was expected");
  const outcomes = new Map<string, Outcome>();
  const read = condemned.map((one) => withContent(host, loaded.realPath, one));
  const whole = read.filter(hasContent);
  settleAll(
    outcomes,
    read.filter((one) => !hasContent(one)),
    undone("skipped", "it could not be read, so nothing of it could be kept"),
  );
  let burial: Burial;
  try {
    burial = bury(host, grave, loaded, whole, (entries) => entries.map(keptOf));
  } catch (error) {
    settleAll(outcomes, whole, undone("failed", `no tombstone could be written: ${sayError(error)}`));
    return outcomes;
  }
  settleAll(outcomes, whole.slice(burial.entries.length), undone("pending", noRoom));
  const doomed = burial.entries.map((one, index): Doomed => ({ one, id: burial.ids[index] ?? "" }));
  for (let at = 0; at < doomed.length; at += turn) {
    const these = doomed.slice(at, at + turn);
    const settle = (some: readonly Doomed[], outcome: Outcome): void =>
      settleAll(
        outcomes,
        some.map(({ one }) => one),
        outcome,
      );
    const dead = await lastLook(
      host,
      examination,
      examined,
      these.map(({ one }) => one),
      around,
    );
    if (around.stop.signal !== undefined) settle(these, undone("skipped", stopped));
    else if (dead === undefined) settle(these, undone("withheld", "its owner came up"));
    else {
      const going = these.filter(({ one }) => dead.has(one.entry.key));
      settle(these, undone("skipped", "it came back to life"));
      for (const [index, outcome] of dropAll(host, loaded, going).entries()) outcomes.set((going[index] as Doomed).one.entry.key, outcome);
    }
    // A signal is heard only between two turns of the event loop.
    await host.sleep(0);
  }
  const taken = doomed.filter(({ one }) => outcomes.get(one.entry.key)?.action !== "reaped");
  const keys = burial.entries.map(({ entry }) => entry.key);
  note(outcomes, keys, "afterwards", () => host.syncDirectories(loaded.realPath, keys));
  if (taken.length > 0) {
    const back = (): void =>
      host.store.exhume(
        grave.sweepId,
        taken.map(({ id }) => id),
      );
    note(
      outcomes,
      taken.map(({ one }) => one.entry.key),
      "its tombstone could not be taken back",
      back,
    );
  }
  return outcomes;
}
