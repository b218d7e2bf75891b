import { formatError } from "../../host/observed.ts";
import type { Pass } from "../pass.ts";
import type { TombstoneBatch } from "../tombstone-writer.ts";
import { done, isNotDone, joined, notDone, stopped, tombstonesFull, type Done, type NotDone } from "./outcome.ts";
import { unwritten } from "./tombstone-batch.ts";

/** What an attempt made of an entry. `changed`: its container is not the judged one. `again`: it stayed because a neighbour had to. */
export type Attempted = Done | NotDone | { readonly kind: "changed" | "again" };

/** Asks, at the last moment at which nothing is changed, why each of them has to stay; undefined where it need not. */
export type Confirm<P> = (ready: readonly P[]) => Promise<readonly (NotDone | undefined)[]>;

/** Those that still are as they were judged, and what is said of the others. */
export type Retry<P> = { readonly ready: readonly P[]; readonly others: NotDone };

/** Where a first attempt is the last. */
export function noRetry(others: NotDone): () => Promise<Retry<never>> {
  return () => Promise.resolve({ ready: [], others });
}

/** What one layout has to be able to do. `E` is an entry that is to be changed, `P` the same entry, ready for it. */
export type Changer<E, P extends E = E> = {
  /** Reads what its tombstone needs and makes its new content; returns why it stays where that cannot be. */
  readonly prepare: (entry: E) => P | NotDone;
  /** Writes what puts them back, of as many as there is room for. Throws where the state directory refuses. */
  readonly keep: (ready: readonly P[]) => TombstoneBatch<P>;
  readonly lastLook: Confirm<P>;
  /** Calls `confirm` once, and changes none that has to stay. Answers for each, in order. */
  readonly commit: (ready: readonly P[], confirm: Confirm<P>) => Promise<readonly Attempted[]>;
  /** Looks for those that are left after an attempt and may be tried again. */
  readonly again: (left: readonly P[]) => Promise<Retry<P>>;
  /** Records what became of an entry; one that is tried again is recorded anew. */
  readonly record: (entry: E, result: Done | NotDone, tombstone: string | undefined) => void;
  /** The tombstones that are void in the end: those of entries that stay, or, where entries are put back, of those that are back. */
  readonly voids: "not-done" | "done";
};

/** A writer that changes the file between judgement and swap is given way to so many times. */
const attempts = 3;

const changedAgain = notDone("skipped", "its file changed again and again");

function recordAll<E, P extends E>({ record }: Changer<E, P>, entries: Iterable<E>, stay: NotDone): void {
  for (const entry of entries) record(entry, stay, undefined);
}

function prepareAll<E, P extends E>({ prepare, record }: Changer<E, P>, entries: readonly E[]): readonly P[] {
  const ready: P[] = [];
  for (const entry of entries) {
    const prepared = prepare(entry);
    if (isNotDone(prepared)) record(entry, prepared, undefined);
    else ready.push(prepared);
  }
  return ready;
}

/** A signal that came during the last look is heard, too. */
function confirmBy<E, P extends E>({ stop }: Pass, { lastLook }: Changer<E, P>): Confirm<P> {
  return async (ready) => {
    const answers = await lastLook(ready);
    return stop.signal === undefined ? answers : ready.map(() => stopped);
  };
}

/** Takes tombstones back; returns what is to be said of their entries where that cannot be. */
function takeBack({ tombstones }: Pass, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return undefined;
  try {
    tombstones.void(ids);
    return undefined;
  } catch (error) {
    return `its tombstone could not be taken back: ${formatError(error)}`;
  }
}

function withNote(result: Attempted, note: string): Done | NotDone {
  const both = joined("note" in result ? result.note : undefined, note);
  return result.kind === "done" ? done(both) : notDone("failed", both);
}

/** One attempt at entries that are ready: tombstones, the last look and the change, and void what speaks for nothing. Returns what is left to be tried again. */
async function attempt<E, P extends E>(pass: Pass, changer: Changer<E, P>, { entries, ids }: TombstoneBatch<P>): Promise<readonly P[]> {
  const results = await changer.commit(entries, confirmBy(pass, changer));
  const isVoid = (nth: number): boolean => (results[nth]?.kind === "done") === (changer.voids === "done");
  const note = takeBack(
    pass,
    ids.filter((_, nth) => isVoid(nth)),
  );
  const left: P[] = [];
  for (let nth = 0; nth < entries.length; nth += 1) {
    const [entry, result] = [entries[nth] as P, results[nth] as Attempted];
    if (note !== undefined && isVoid(nth)) changer.record(entry, withNote(result, note), ids[nth]);
    else if (result.kind === "done" || result.kind === "not-done") changer.record(entry, result, ids[nth]);
    else left.push(entry);
  }
  return left;
}

/** Changes one batch. Returns why no tombstone could be written; without one nothing is changed. */
async function changeBatch<E, P extends E>(pass: Pass, changer: Changer<E, P>, batch: readonly E[]): Promise<NotDone | undefined> {
  let ready = prepareAll(changer, batch);
  for (let nth = 0; nth < attempts && ready.length > 0; nth += 1) {
    let written: TombstoneBatch<P>;
    try {
      written = changer.keep(ready);
    } catch (error) {
      const refused = notDone("failed", `no tombstone could be written: ${formatError(error)}`);
      recordAll(changer, ready, refused);
      return refused;
    }
    recordAll(changer, unwritten(ready, written), notDone("pending", tombstonesFull));
    if (written.entries.length === 0) return undefined;
    const left = await attempt(pass, changer, written);
    if (left.length === 0) return undefined;
    const retry = await changer.again(left);
    recordAll(changer, left, retry.others);
    ready = retry.ready;
  }
  recordAll(changer, ready, changedAgain);
  return undefined;
}

/**
 * Changes entries of one registry, the only way in which that is done: tombstones first, then a last look, then the
 * change; of an entry that was not changed no tombstone stays. An entry whose container changed meanwhile is tried again
 * if it still is as it was judged. What is held in memory does not grow with the number of batches.
 */
export async function change<E, P extends E>(pass: Pass, changer: Changer<E, P>, batches: Iterable<readonly E[]>): Promise<void> {
  let refused: NotDone | undefined;
  for (const batch of batches) {
    const stay = pass.stop.signal === undefined ? refused : stopped;
    if (stay === undefined) refused = await changeBatch(pass, changer, batch);
    else recordAll(changer, batch, stay);
    // A signal is heard only between two turns of the event loop.
    await pass.host.sleep(0);
  }
}
