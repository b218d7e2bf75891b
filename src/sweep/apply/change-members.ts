import type { Change } from "../../core/plan/plan.ts";
import type { KeptMember } from "../../core/tombstone.ts";
import type { Piece } from "../../host/files/chunks.ts";
import type { ReadFile } from "../../host/files/files.ts";
import type { Host } from "../../host/host.ts";
import type { Replaced } from "../../host/swap/swap-job.ts";
import { cutsFor, firstKept, keptSpans } from "../../registries/json/json-cuts.ts";
import type { Span } from "../../registries/json/json-members.ts";
import type { ExaminedRegistry } from "../judge/examined.ts";
import { loadRegistry } from "../load/load.ts";
import { entriesAt, keysOf, type MembersRegistry } from "../load/loaded.ts";
import type { Pass } from "../pass.ts";
import type { TombstoneBatch } from "../tombstone-writer.ts";
import { change, type Attempted, type Confirm, type Retry } from "./change.ts";
import { rewritingFor } from "./contents.ts";
import { answersOf, lastLook, lookAtRevised } from "./last-look.ts";
import { keepMembers, keptMember } from "./member-tombstones.ts";
import { changedSince, done, recordIn, foundElsewhere, leftBusy, notDone, type Outcome, type Selection, type NotDone } from "./outcome.ts";

/** An examined registry with many entries in one file. */
export type MembersExamined = ExaminedRegistry & { readonly loaded: MembersRegistry };

function attemptedBy(replaced: Exclude<Replaced, { readonly kind: "revived" }>): Attempted {
  switch (replaced.kind) {
    case "replaced":
      return done(replaced.problem);
    case "busy":
      return leftBusy(replaced.by);
    case "changed":
      return replaced;
    case "failed":
      return notDone("failed", replaced.problem);
  }
}

/** Puts new text in the place of a file in one swap, unless one of the entries that it changes has to stay. */
export async function swap<P>(
  host: Host,
  file: ReadFile,
  pieces: readonly Piece[],
  ready: readonly P[],
  confirm: Confirm<P>,
): Promise<readonly Attempted[]> {
  let answers: readonly (NotDone | undefined)[] = [];
  const replaced = await host.replaceJudged(file, pieces, async () => {
    answers = await confirm(ready);
    return answers.every((answer) => answer === undefined);
  });
  if (replaced.kind === "revived") return answers.map((answer) => answer ?? { kind: "again" });
  const all = attemptedBy(replaced);
  return ready.map(() => all);
}

/** An old text with other bytes in the place of some spans, which must ascend and not overlap. */
export function piecesWith(old: Span, exchanges: readonly (Span & { readonly bytes: Buffer })[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = old.start;
  for (const { start, end, bytes } of exchanges) {
    pieces.push({ start: from, end: start }, bytes);
    from = end;
  }
  return [...pieces, { start: from, end: old.end }];
}

/** The very bytes of a member, its key included. */
function bytesAt({ container, file }: MembersRegistry, place: number): Buffer {
  return file.bytes.subarray(container.members.start(place), container.members.end(place));
}

const unreadAgain = notDone("skipped", "its file changed and could not be read again");

/** The file as it was read last, and where in it a member stands, which is known by its place in the file that was judged. */
type Now = { readonly loaded: MembersRegistry; readonly placeOf: (member: number) => number };

/** Members that stand in a newly read file with the very bytes that were judged, in its order. */
function stillThere(
  judged: MembersRegistry,
  loaded: MembersRegistry,
  members: readonly number[],
): Now & { readonly members: readonly number[] } {
  const placesByKey = new Map(keysOf(loaded.entries).map((key, place) => [key, place]));
  const places = new Map<number, number>();
  for (const member of members) {
    const place = placesByKey.get(judged.entries.keyAt(member));
    if (place === undefined || !bytesAt(loaded, place).equals(bytesAt(judged, member)) || loaded.entries.at(place).duplicate) continue;
    places.set(member, place);
  }
  const placeOf = (member: number): number => places.get(member) as number;
  return { loaded, placeOf, members: [...places.keys()].toSorted((a, b) => placeOf(a) - placeOf(b)) };
}

/**
 * Changes members of one JSON file in one swap: ghosts are cut out, superseded members are stamped. A writer that changes
 * the file in between is given way to, and what it left as it was judged is tried again. Of members there can be a
 * million, so each is a number, and is judged again when its tombstone is written.
 */
export async function changeMembers(
  pass: Pass,
  examined: MembersExamined,
  kind: Change,
  { indexesOf, at }: Selection,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  const { loaded: judged } = examined;
  const rewriting = rewritingFor(kind, pass, judged);
  const keyOf = judged.entries.keyAt;
  const values = new Map<number, Buffer>();
  let now: Now = { loaded: judged, placeOf: (member) => member };
  let isChanged = false;

  function prepare(member: number): number | NotDone {
    if (rewriting === undefined) return member;
    const { valueStart, end } = judged.container.members;
    const value = rewriting.contentOf(judged.file.bytes.subarray(valueStart(member), end(member)), at(member).judgement.reason);
    if (value === undefined) return notDone("skipped", rewriting.unwritable);
    values.set(member, value);
    return member;
  }

  function keep(members: readonly number[]): TombstoneBatch<number> {
    const { loaded, placeOf } = now;
    // Where none goes, the first one stays.
    const firstStaying = rewriting === undefined ? firstKept(loaded.entries.length, members.map(placeOf)) : 0;
    const kept = (member: number, first: number): KeptMember => keptMember(loaded, placeOf(member), first, values.get(member));
    return keepMembers(pass.tombstones, loaded, members, { placeOf, judgedAt: at, firstStaying, kept });
  }

  function piecesFor(members: readonly number[]): readonly Piece[] {
    const { loaded, placeOf } = now;
    const { file, container } = loaded;
    const places = members.map(placeOf);
    if (rewriting === undefined) return keptSpans(file.bytes.length, cutsFor(container, places));
    const { valueStart, end } = container.members;
    const exchanges = places.map((place, nth) => {
      return { start: valueStart(place), end: end(place), bytes: values.get(members[nth] as number) as Buffer };
    });
    return piecesWith({ start: 0, end: file.bytes.length }, exchanges);
  }

  async function lookLast(members: readonly number[]): Promise<readonly (NotDone | undefined)[]> {
    const { loaded, placeOf } = now;
    const view = { ...examined, loaded };
    // What a revision condemned is asked of the revision again, anything else of the ladder.
    if (kind === "stamp" || kind === "take-over")
      return answersOf(await lookAtRevised(pass, view, members.map(at)), members, keyOf, foundElsewhere);
    const look = await lastLook(pass, view, entriesAt(loaded.entries, members.map(placeOf)));
    return answersOf(look, members, keyOf, "it came back to life before the swap");
  }

  async function again(left: readonly number[]): Promise<Retry<number>> {
    if (!isChanged) return { ready: left, others: changedSince };
    const loaded = await loadRegistry(pass.host, judged.target);
    if (loaded.state !== "read" || loaded.kind !== "members") return { ready: [], others: unreadAgain };
    const { members, ...found } = stillThere(judged, loaded, left);
    now = found;
    return { ready: members, others: changedSince };
  }

  const members = indexesOf(kind);
  await change<number, number>(
    pass,
    {
      prepare,
      keep,
      lastLook: lookLast,
      commit: async (ready, confirm) => {
        const attempted = await swap(pass.host, now.loaded.file, piecesFor(ready), ready, confirm);
        isChanged = attempted[0]?.kind === "changed";
        return attempted;
      },
      again,
      record: recordIn(outcomes, kind, keyOf),
      voids: "not-done",
    },
    members.length === 0 ? [] : [members],
  );
}
