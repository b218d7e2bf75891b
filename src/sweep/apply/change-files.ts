import type { Change } from "../../core/plan/plan.ts";
import type { KeptFile } from "../../core/tombstone.ts";
import type { Captured } from "../../host/capture/quarantine.ts";
import type { FileState } from "../../host/files/file-state.ts";
import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { FilesExamined, RevisedEntry } from "../judge/examined.ts";
import type { FilePlace, FilesRegistry } from "../load/loaded.ts";
import type { Pass } from "../pass.ts";
import { batchesOf } from "./batches.ts";
import { change, noRetry, type Attempted, type Confirm } from "./change.ts";
import { rewritingFor } from "./contents.ts";
import { answersOf, lastLook, lookAtRevised } from "./last-look.ts";
import {
  cameBack,
  changedSince,
  done,
  joined,
  leftBusy,
  recordIn,
  foundElsewhere,
  notDone,
  type Outcome,
  type Selection,
  type NotDone,
} from "./outcome.ts";
import { tombstoneLine } from "./tombstone-batch.ts";

/** An entry whose file was read; `content` is what it is to say from now on, undefined where it is to go. */
type ReadyFile = RevisedEntry & { readonly state: FileState; readonly bytes: Buffer; readonly content: Buffer | undefined };

/** What is asked of an entry from then on. Named one by one: a spread for each of a batch is most of what a batch holds. */
function readyFile({ entry, judgement, revisions }: RevisedEntry, state: FileState, bytes: Buffer, content?: Buffer): ReadyFile {
  return { entry, judgement, revisions, state, bytes, content };
}

function placeOf({ entry: { place } }: RevisedEntry): FilePlace {
  if (place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  return place;
}

/** What a tombstone keeps of a file: all it said, what the file system knew of it, and what took its place. */
function keptFile({ state, bytes, content }: ReadyFile, acl: string | undefined): KeptFile {
  const kept: KeptFile = {
    layout: "files",
    content: bytes.toString("base64"),
    mode: state.mode,
    uid: state.uid,
    gid: state.gid,
    ...(acl !== undefined && { acl }),
    modifiedAt: Math.round(state.mtimeMs),
  };
  return content === undefined ? kept : { ...kept, replacedBy: content.toString("base64") };
}

/** So many files are read, written as tombstones and removed together, after one last look and between two checks for a signal. */
const turn = 8192;

const unread = notDone("skipped", "it could not be read, so nothing of it could be kept");

/** A file that was not opened to be judged is read before it goes. */
function readBefore(host: Host, root: string, one: RevisedEntry): ReadyFile | NotDone {
  const { state, bytes } = placeOf(one);
  if (bytes !== undefined) return readyFile(one, state, bytes);
  const read = host.readEntryFile(root, one.entry.key);
  return read.kind === "read" ? readyFile(one, state, read.bytes) : unread;
}

/** Files that were removed are removed: what goes wrong after that is said of them, and turns nothing into a fault. */
function afterwards(results: readonly Attempted[], act: () => string | undefined): readonly Attempted[] {
  let said: string | undefined;
  try {
    said = act();
  } catch (error) {
    said = `afterwards: ${formatError(error)}`;
  }
  if (said === undefined) return results;
  const note = said;
  return results.map((result) => ("note" in result ? { ...result, note: joined(result.note, note) } : result));
}

/** What becomes of the directory of an entry that has gone; of a built-in format it is known whether it matters. */
function directoryAct(host: Host, { realPath, target: { format } }: FilesRegistry): ((key: string) => string | undefined) | undefined {
  if (format.layout !== "files") return undefined;
  if (format.ownDirectory) return (key) => host.dropDirectory(realPath, key);
  return format.declaredFields === undefined ? undefined : (key) => (key.includes("/") ? host.leftDirectory(realPath, key) : undefined);
}

function attemptedBy(captured: Captured): Attempted {
  switch (captured.kind) {
    case "dropped":
      return done();
    case "changed":
      return captured;
    case "busy":
      return leftBusy(captured.by);
    case "gone":
      return notDone("skipped", "somebody else removed it");
    case "failed":
      return notDone("failed", captured.problem);
  }
}

const uncaptured: Captured = { kind: "failed", problem: "nobody captured it" };

function removeAll(host: Host, registry: FilesRegistry, files: readonly ReadyFile[]): readonly Attempted[] {
  if (files.length === 0) return [];
  const { realPath } = registry;
  const keys = files.map(({ entry }) => entry.key);
  const captured = host.captureEntries(
    realPath,
    files.map(({ state, bytes }, nth) => ({ key: keys[nth] as string, state, bytes })),
  );
  const ofDirectory = directoryAct(host, registry);
  const results = keys.flatMap((key, nth) => {
    const result = [attemptedBy(captured[nth] ?? uncaptured)];
    return ofDirectory !== undefined && captured[nth]?.kind === "dropped" ? afterwards(result, () => ofDirectory(key)) : result;
  });
  return afterwards(results, () => {
    host.syncDirectories(realPath, keys);
    return undefined;
  });
}

function rewrite(host: Host, root: string, { entry: { key }, state, bytes, content }: ReadyFile): Attempted {
  if (content === undefined) throw new TypeError("a file that is to say something else was expected");
  const { mode, uid, gid, mtimeMs } = state;
  const taken = host.takeOver(root, { key, state, bytes }, { key, content, mode, uid, gid, modifiedAt: mtimeMs });
  if (taken.kind === "failed") return notDone("failed", taken.problem);
  if (taken.kind === "busy") return leftBusy(taken.by);
  return taken.kind === "won" ? done() : notDone("skipped", taken.why);
}

/**
 * Changes entries with a file each: ghosts are removed, so many at a time that what is held of them does not grow with the
 * registry; others are exchanged one by one, each after a last look of its own, and keep the time of their last change.
 */
export async function changeFiles(
  pass: Pass,
  examined: FilesExamined,
  kind: Change,
  selection: Selection,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  const { host } = pass;
  const { loaded } = examined;
  const rewriting = rewritingFor(kind, pass, loaded);
  const keyOf = ({ entry }: RevisedEntry): string => entry.key;

  // What a revision condemned is asked of the revision again, anything else of the ladder.
  const byLadder = kind === "reap" || kind === "mark";

  function prepare(one: RevisedEntry): ReadyFile | NotDone {
    if (rewriting === undefined) return readBefore(host, loaded.realPath, one);
    const { state, bytes } = placeOf(one);
    const content = bytes && rewriting.contentOf(bytes, one.judgement.reason);
    return bytes === undefined || content === undefined ? notDone("skipped", rewriting.unwritable) : readyFile(one, state, bytes, content);
  }

  async function lookLast(files: readonly ReadyFile[]): Promise<readonly (NotDone | undefined)[]> {
    const entries = files.map(({ entry }) => entry);
    const look = await (byLadder ? lastLook(pass, examined, entries) : lookAtRevised(pass, examined, files));
    return answersOf(look, files, keyOf, kind === "stamp" ? foundElsewhere : cameBack);
  }

  async function commit(files: readonly ReadyFile[], confirm: Confirm<ReadyFile>): Promise<readonly Attempted[]> {
    const answers = await confirm(files);
    const free = files.filter((_, nth) => answers[nth] === undefined);
    const changed = (
      rewriting === undefined ? removeAll(host, loaded, free) : free.map((file) => rewrite(host, loaded.realPath, file))
    ).values();
    return answers.map((answer) => answer ?? (changed.next().value as Attempted));
  }

  await change<RevisedEntry, ReadyFile>(
    pass,
    {
      prepare,
      keep: (files) => {
        const acls = host.aclsOf(
          loaded.realPath,
          files.map(({ entry: { key }, state: { mode } }) => ({ key, mode })),
        );
        return pass.tombstones.write(loaded, files, { makeLine: (file) => tombstoneLine(file, keptFile(file, acls.get(keyOf(file)))) });
      },
      lastLook: lookLast,
      commit,
      again: noRetry(changedSince),
      record: recordIn(outcomes, kind, keyOf),
      voids: "not-done",
    },
    batchesOf(selection, kind, rewriting === undefined ? turn : 1),
  );
}
