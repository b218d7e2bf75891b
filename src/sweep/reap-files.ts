import type { Captured, JudgedFile } from "../host/capture.ts";
import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { KeptFile } from "../host/tombstones.ts";
import { bury, noRoom, type Burial } from "./burial.ts";
import type { Examination, Examined, ExaminedEntry } from "./examine.ts";
import { lastLook } from "./last-look.ts";
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

function judgedFile({ entry }: ExaminedEntry): JudgedFile {
  if (entry.place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  return { key: entry.key, state: entry.place.state, bytes: entry.place.bytes };
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

/** So many files are removed together, between two looks for a signal. */
const turn = 256;

/** Reaps files, some of them at a time. Tombstones go first, all together; those whose entry was not reaped are taken back. */
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
  const { format } = loaded.target;
  const ownsDirectory = format.layout === "files" && format.ownDirectory;
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
  const dead = await lastLook(host, examination, examined, burial.entries, around);
  const taken: string[] = [];
  for (let from = 0; from < burial.entries.length; from += turn) {
    const group = burial.entries.slice(from, from + turn);
    const ids = burial.ids.slice(from, from + turn);
    // A signal is heard only between two turns of the event loop.
    if (from > 0) await host.sleep(0);
    const isStopped = around.stop.signal !== undefined;
    const chosen = isStopped || dead === undefined ? [] : group.filter(({ entry }) => dead.has(entry.key));
    const captured = host.captureEntries(loaded.realPath, chosen.map(judgedFile));
    const settled = new Map(chosen.map(({ entry }, at) => [entry.key, captured[at]] as const));
    for (const [at, { entry }] of group.entries()) {
      const id = ids[at] ?? "";
      const result = settled.get(entry.key);
      let outcome: Outcome;
      if (result !== undefined) outcome = outcomeOf(result, id);
      else if (isStopped) outcome = undone("skipped", stopped);
      else if (dead === undefined) outcome = undone("withheld", "its owner came up");
      else outcome = undone("skipped", "it came back to life");
      outcomes.set(entry.key, outcome);
      if (outcome.action !== "reaped") taken.push(id);
      else if (ownsDirectory) host.dropDirectory(loaded.realPath, entry.key);
    }
  }
  host.syncDirectories(
    loaded.realPath,
    burial.entries.map(({ entry }) => entry.key),
  );
  if (taken.length > 0) host.store.exhume(grave.sweepId, taken);
  return outcomes;
}
