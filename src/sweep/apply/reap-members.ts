import type { Action } from "../../core/actions.ts";
import type { Reason } from "../../core/answer.ts";
import { formatError } from "../../host/observed.ts";
import type { Piece } from "../../host/files/chunks.ts";
import { cutsFor, keptSpans } from "../../registries/json/json-cuts.ts";
import { tombstonesFull, unwritten } from "./tombstone-batch.ts";
import { writeMemberTombstones } from "./member-tombstones.ts";
import type { Pass } from "../pass.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import { lastLook } from "./last-look.ts";
import { loadRegistry } from "../load/load.ts";
import { entriesAt, keysOf, type MembersRegistry } from "../load/loaded.ts";
import { notDone, type Outcome, type Outcomes } from "./outcome.ts";

/** A writer that changes the file between judgement and swap is given way to so many times. */
const attempts = 3;

/** The very bytes of an entry, its key included. */
function bytesAt({ container, file }: MembersRegistry, index: number): Buffer {
  return file.bytes.subarray(container.members.start(index), container.members.end(index));
}

function piecesWithout({ container, file }: MembersRegistry, gone: readonly number[]): readonly Piece[] {
  return keptSpans(file.bytes.length, cutsFor(container, gone));
}

/** Where the condemned stand in a file, in its order, and where in the one that was judged. No entry is kept in memory. */
type ReapSet = {
  readonly loaded: MembersRegistry;
  readonly indexes: readonly number[];
  readonly judgedAt: (index: number) => number;
};

/** Those of the condemned that stand in the newly read file with the very bytes that were judged. */
function stillThere(judged: MembersRegistry, now: MembersRegistry, condemned: readonly number[]): ReapSet {
  const places = new Map(keysOf(now.entries).map((key, index) => [key, index]));
  const before = new Map<number, number>();
  for (const at of condemned) {
    const index = places.get(judged.entries.keyAt(at));
    if (index === undefined || !bytesAt(now, index).equals(bytesAt(judged, at)) || now.entries.at(index).duplicate) continue;
    before.set(index, at);
  }
  return { loaded: now, indexes: [...before.keys()].toSorted((a, b) => a - b), judgedAt: (index) => before.get(index) as number };
}

type Attempt = { readonly kind: "finished" } | ({ readonly kind: "retry" } & ReapSet);

const finished: Attempt = { kind: "finished" };

/** An examined registry with many entries in one file. */
export type MembersExamined = ExaminedRegistry & { readonly loaded: MembersRegistry };

/**
 * Reaps members of one JSON file in one swap, given where they stand. Tombstones go first; what was not reaped after
 * all loses its own. A writer that changes the file in between is given way to, and what it left as it was judged is
 * tried again.
 */
export async function reapMembers(
  pass: Pass,
  examined: MembersExamined,
  { condemned, at }: { readonly condemned: readonly number[]; readonly at: (index: number) => ExaminedEntry },
): Promise<Outcomes> {
  const { host } = pass;
  const { loaded: judged } = examined;
  const outcomes = new Map<string, Outcome>();
  const record = ({ entries }: MembersRegistry, indexes: readonly number[], action: Action, note: string): void => {
    const outcome = notDone(action, note);
    for (const index of indexes) outcomes.set(entries.keyAt(index), outcome);
  };

  async function changedFile(left: readonly number[]): Promise<Attempt> {
    const now = await loadRegistry(host, judged.target);
    if (now.state !== "read" || now.kind !== "members") {
      record(judged, left, "skipped", "its file changed and could not be read again");
      return finished;
    }
    record(judged, left, "skipped", "it changed since it was judged");
    return { kind: "retry", ...stillThere(judged, now, left) };
  }

  async function runAttempt({ loaded, indexes, judgedAt }: ReapSet): Promise<Attempt> {
    const { entries } = loaded;
    const reasons = new Map<number, Reason>();
    const batch = writeMemberTombstones(pass.tombstones, loaded, indexes, (index) => {
      const one = at(judgedAt(index));
      reasons.set(index, one.judgement.reason);
      return one;
    });
    const { entries: left, ids } = batch;
    record(loaded, unwritten(indexes, batch), "pending", tombstonesFull);
    if (left.length === 0) return finished;
    let dead: ReadonlySet<string> | undefined;
    const replaced = await host.replaceJudged(loaded.file, piecesWithout(loaded, left), async () => {
      const those = { keys: left.map(entries.keyAt), entries: entriesAt(entries, left) };
      const look = await lastLook(pass, { ...examined, loaded }, those);
      dead = look.ownerUp ? undefined : look.dead;
      return dead?.size === left.length;
    });
    if (replaced.kind === "replaced") {
      const { problem: note } = replaced;
      for (let nth = 0; nth < left.length; nth += 1) {
        const index = left[nth] as number;
        outcomes.set(entries.keyAt(index), { action: "reaped", tombstone: ids[nth], note, reason: reasons.get(index) as Reason });
      }
      return finished;
    }
    try {
      pass.tombstones.void(ids);
    } catch (error) {
      record(loaded, left, "failed", `it stays, and its tombstone could not be taken back: ${formatError(error)}`);
      return finished;
    }
    if (replaced.kind === "changed") return changedFile(left.map(judgedAt));
    if (replaced.kind === "failed") record(loaded, left, "failed", replaced.problem);
    else if (dead === undefined) record(loaded, left, "withheld", "its owner came up");
    else {
      record(loaded, left, "skipped", "it came back to life before the swap");
      return { kind: "retry", loaded, indexes: left.filter((index) => dead?.has(entries.keyAt(index))), judgedAt };
    }
    return finished;
  }

  let next: Attempt = { kind: "retry", loaded: judged, indexes: condemned, judgedAt: (index) => index };
  try {
    for (let attempt = 0; attempt < attempts && next.kind === "retry" && next.indexes.length > 0; attempt += 1) {
      next = await runAttempt(next);
    }
    if (next.kind === "retry") record(next.loaded, next.indexes, "skipped", "its file changed again and again");
  } catch (error) {
    const unrecorded = condemned.filter((index) => outcomes.get(judged.entries.keyAt(index))?.action !== "reaped");
    record(judged, unrecorded, "failed", `no tombstone could be written: ${formatError(error)}`);
  }
  return outcomes;
}
