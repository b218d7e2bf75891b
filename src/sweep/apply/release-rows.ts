import { supersedeReason } from "../../core/revisions/superseded.ts";
import { formatError } from "../../host/observed.ts";
import type { Piece } from "../../host/files/chunks.ts";
import type { KeptMember } from "../../core/tombstone.ts";
import { stampLike, withMembers } from "../../registries/released.ts";
import { tombstonesFull, tombstoneLine, unwritten } from "./tombstone-batch.ts";
import { changeFile } from "./exchange.ts";
import type { Pass } from "../pass.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import type { MembersRegistry } from "../load/loaded.ts";
import { succeeded, recordAll, stopped, notDone, type Outcome, type Outcomes } from "./outcome.ts";
import { stillRevised } from "../judge/revise.ts";

/** One row as it is to stand from now on: pieces of its old bytes and what is new in them. */
type StampedRow = { readonly one: ExaminedEntry; readonly start: number; readonly end: number; readonly bytes: Buffer };

const unwritable = notDone("skipped", "its release cannot be written without touching other bytes");
const cameBack = notDone("skipped", "its session shows elsewhere");

function releasedBytes({ loaded }: ExaminedRegistry, bytes: Buffer, at: string): Buffer | undefined {
  const { releases } = loaded.target.format;
  if (releases === undefined) return undefined;
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const when = stampLike(JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, "")), releases.like, at);
  const pieces = withMembers(source, [
    [releases.at, when],
    [releases.reason, supersedeReason],
  ]);
  return (
    pieces &&
    Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : bytes.subarray(piece.start, piece.end))))
  );
}

function keptMember({ target, file, container, entries }: MembersRegistry, { one, bytes }: StampedRow): KeptMember {
  const index = one.entry.place.kind === "member" ? one.entry.place.index : -1;
  const [start, end] = [container.members.start(index), container.members.end(index)];
  const name = file.bytes.subarray(start, container.members.valueStart(index));
  return {
    layout: "members",
    entries: target.format.layout === "members" ? target.format.entries : "",
    form: "only",
    after: index === 0 ? undefined : entries.keyAt(index - 1),
    cut: file.bytes.subarray(start, end).toString("base64"),
    member: { start: 0, end: end - start },
    replacedBy: Buffer.concat([name, bytes]).toString("base64"),
  };
}

function piecesWith(length: number, rows: readonly StampedRow[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { start, end, bytes } of rows) {
    pieces.push({ start: from, end: start }, bytes);
    from = end;
  }
  return [...pieces, { start: from, end: length }];
}

/** All rows of one file in one swap. A file that changes meanwhile is left for the next sweep. */
async function releaseMembers(pass: Pass, examined: ExaminedRegistry, superseded: readonly ExaminedEntry[]): Promise<Outcomes> {
  const { loaded } = examined;
  if (loaded.kind !== "members") throw new TypeError("a registry with many entries in one file was expected");
  const outcomes = new Map<string, Outcome>();
  const rows = superseded.flatMap((one): readonly StampedRow[] => {
    if (one.entry.place.kind !== "member") return [];
    const { members } = loaded.container;
    const [start, end] = [members.valueStart(one.entry.place.index), members.end(one.entry.place.index)];
    const bytes = releasedBytes(examined, loaded.file.bytes.subarray(start, end), pass.startedAt);
    if (bytes === undefined) outcomes.set(one.entry.key, unwritable);
    return bytes === undefined ? [] : [{ one, start, end, bytes }];
  });
  const byEntry = new Map(rows.map((row) => [row.one, row]));
  const toKeep = rows.map(({ one }) => one);
  const batch = pass.tombstones.write(loaded, toKeep, {
    makeLine: (one) => tombstoneLine(one, keptMember(loaded, byEntry.get(one) as StampedRow)),
  });
  const { entries, ids } = batch;
  const written = entries.map((one) => byEntry.get(one) as StampedRow);
  const record = (some: readonly ExaminedEntry[], outcome: Outcome): void => recordAll(outcomes, some, outcome);
  record(unwritten([...byEntry.keys()], batch), notDone("pending", tombstonesFull));
  if (written.length === 0) return outcomes;
  let isOwnerUp = false;
  const replaced = await pass.host.replaceJudged(loaded.file, piecesWith(loaded.file.bytes.length, written), async () => {
    const { ownerUp, still } = await stillRevised(pass, examined, entries);
    isOwnerUp = ownerUp;
    return !ownerUp && still.size === entries.length;
  });
  if (replaced.kind === "replaced") {
    for (const [index, { entry }] of entries.entries()) {
      outcomes.set(entry.key, { ...succeeded("released", ids[index]), note: replaced.problem });
    }
    return outcomes;
  }
  pass.tombstones.void(ids);
  if (replaced.kind === "failed") record(entries, notDone("failed", replaced.problem));
  else if (replaced.kind === "changed") record(entries, notDone("skipped", "it changed since it was judged"));
  else record(entries, isOwnerUp ? notDone("withheld", "its owner came up") : cameBack);
  return outcomes;
}

async function releaseFile(pass: Pass, examined: ExaminedRegistry, one: ExaminedEntry): Promise<Outcome> {
  const { loaded } = examined;
  const { place } = one.entry;
  if (loaded.kind !== "files" || place.kind !== "file") throw new TypeError("an entry with a file of its own was expected");
  const { bytes, state } = place;
  const content = bytes === undefined ? undefined : releasedBytes(examined, bytes, pass.startedAt);
  if (bytes === undefined || content === undefined) return unwritable;
  const look = async (): Promise<Outcome | undefined> => {
    const { ownerUp, still } = await stillRevised(pass, examined, [one]);
    if (ownerUp) return notDone("withheld", "its owner came up");
    return still.has(one) ? undefined : cameBack;
  };
  return changeFile(pass, { loaded, one, place, bytes, content, modifiedAt: state.mtimeMs, action: "released", lastLook: look });
}

/** Writes into superseded rows when and why they were released; they stay, and every other byte of them does. */
export async function releaseRows(pass: Pass, examined: ExaminedRegistry, superseded: readonly ExaminedEntry[]): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  try {
    if (superseded.length > 0 && examined.loaded.kind === "members") return await releaseMembers(pass, examined, superseded);
    for (const one of superseded) {
      const isStopped = pass.stop.signal !== undefined;
      outcomes.set(one.entry.key, isStopped ? notDone("skipped", stopped) : await releaseFile(pass, examined, one));
    }
  } catch (error) {
    const unrecorded = superseded.filter(({ entry }) => !outcomes.has(entry.key));
    recordAll(outcomes, unrecorded, notDone("failed", `no tombstone could be written: ${formatError(error)}`));
  }
  return outcomes;
}
