import type { Reason } from "../../core/answer.ts";
import type { Host } from "../../host/host.ts";
import { formatError } from "../../host/observed.ts";
import type { Piece } from "../../host/files/chunks.ts";
import { cutsFor, keptSpans } from "../../registries/json/json-cuts.ts";
import type { Action } from "../../report/model.ts";
import { tombstonesFull, unwritten } from "./tombstone-batch.ts";
import { writeMemberTombstones } from "./member-tombstones.ts";
import type { Examination } from "../examine.ts";
import type { Examined, ExaminedEntry } from "../judge/examined.ts";
import { lastLook } from "./last-look.ts";
import { loadRegistry } from "../load/load.ts";
import { entriesAt, keysOf, type MembersRegistry } from "../load/loaded.ts";
import { undone, type TombstoneWriter, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";

/** A writer that changes the file between judgement and swap is given way to so many times. */
const attempts = 3;

/** The very bytes of an entry, its key included. */
function bytesAt({ container, file }: MembersRegistry, index: number): Buffer {
  return file.bytes.subarray(container.members.start(index), container.members.end(index));
}

function piecesWithout({ container, file }: MembersRegistry, gone: readonly number[]): readonly Piece[] {
  return keptSpans(file.bytes.length, cutsFor(container, gone));
}

/** Where the condemned stand in a file, in its order, and where in the one that was judged. None of them is held. */
type Condemned = {
  readonly loaded: MembersRegistry;
  readonly indexes: readonly number[];
  readonly judgedAt: (index: number) => number;
};

/** Those of the condemned that stand in the newly read file with the very bytes that were judged. */
function stillThere(judged: MembersRegistry, now: MembersRegistry, condemned: readonly number[]): Condemned {
  const places = new Map(keysOf(now.entries).map((key, index) => [key, index]));
  const before = new Map<number, number>();
  for (const at of condemned) {
    const index = places.get(judged.entries.keyAt(at));
    if (index === undefined || !bytesAt(now, index).equals(bytesAt(judged, at)) || now.entries.at(index).duplicate) continue;
    before.set(index, at);
  }
  return { loaded: now, indexes: [...before.keys()].toSorted((a, b) => a - b), judgedAt: (index) => before.get(index) as number };
}

type Round = { readonly kind: "over" } | ({ readonly kind: "again" } & Condemned);

const over: Round = { kind: "over" };

/**
 * Reaps members of one JSON file in one swap, given where they stand. Tombstones go first; what was not reaped after
 * all loses its own. A writer that changes the file in between is given way to, and what it left as it was judged is
 * tried again.
 */
export async function reapMembers(
  host: Host,
  examination: Examination,
  examined: Examined,
  judged: MembersRegistry,
  { condemned, at }: { readonly condemned: readonly number[]; readonly at: (index: number) => ExaminedEntry },
  tombstones: TombstoneWriter,
  around: Surroundings,
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  const settle = ({ entries }: MembersRegistry, indexes: readonly number[], action: Action, note: string): void => {
    const outcome = undone(action, note);
    for (const index of indexes) outcomes.set(entries.keyAt(index), outcome);
  };

  async function changedFile(left: readonly number[]): Promise<Round> {
    const now = await loadRegistry(host, judged.target);
    if (now.state !== "read" || now.kind !== "members") {
      settle(judged, left, "skipped", "its file changed and could not be read again");
      return over;
    }
    settle(judged, left, "skipped", "it changed since it was judged");
    return { kind: "again", ...stillThere(judged, now, left) };
  }

  async function round({ loaded, indexes, judgedAt }: Condemned): Promise<Round> {
    const { entries } = loaded;
    const reasons = new Map<number, Reason>();
    const batch = writeMemberTombstones(host, tombstones, loaded, indexes, (index) => {
      const one = at(judgedAt(index));
      reasons.set(index, one.judgement.reason);
      return one;
    });
    const { entries: left, ids } = batch;
    settle(loaded, unwritten(indexes, batch), "pending", tombstonesFull);
    if (left.length === 0) return over;
    let dead: ReadonlySet<string> | undefined;
    const replaced = await host.replaceJudged(loaded.file, piecesWithout(loaded, left), async () => {
      const those = { keys: left.map(entries.keyAt), entries: entriesAt(entries, left) };
      dead = await lastLook(host, examination, { ...examined, loaded }, those, around);
      return dead?.size === left.length;
    });
    if (replaced.kind === "replaced") {
      const { problem: note } = replaced;
      for (let nth = 0; nth < left.length; nth += 1) {
        const index = left[nth] as number;
        outcomes.set(entries.keyAt(index), { action: "reaped", tombstone: ids[nth], note, reason: reasons.get(index) as Reason });
      }
      return over;
    }
    try {
      host.store.voidTombstones(tombstones.sweepId, ids);
    } catch (error) {
      settle(loaded, left, "failed", `it stays, and its tombstone could not be taken back: ${formatError(error)}`);
      return over;
    }
    if (replaced.kind === "changed") return changedFile(left.map(judgedAt));
    if (replaced.kind === "failed") settle(loaded, left, "failed", replaced.problem);
    else if (dead === undefined) settle(loaded, left, "withheld", "its owner came up");
    else {
      settle(loaded, left, "skipped", "it came back to life before the swap");
      return { kind: "again", loaded, indexes: left.filter((index) => dead?.has(entries.keyAt(index))), judgedAt };
    }
    return over;
  }

  let next: Round = { kind: "again", loaded: judged, indexes: condemned, judgedAt: (index) => index };
  try {
    for (let attempt = 0; attempt < attempts && next.kind === "again" && next.indexes.length > 0; attempt += 1) {
      next = await round(next);
    }
    if (next.kind === "again") settle(next.loaded, next.indexes, "skipped", "its file changed again and again");
  } catch (error) {
    const unsettled = condemned.filter((index) => outcomes.get(judged.entries.keyAt(index))?.action !== "reaped");
    settle(judged, unsettled, "failed", `no tombstone could be written: ${formatError(error)}`);
  }
  return outcomes;
}
