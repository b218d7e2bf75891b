import type { Action } from "../../core/plan/actions.ts";
import type { Change } from "../../core/plan/plan.ts";
import type { Busy } from "../../host/locks/process-look.ts";
import type { ExaminedEntries } from "../judge/examined.ts";

/** What became of an entry; `note` says why it was not what was meant. */
export type Outcome = {
  readonly action: Action;
  readonly tombstone: string | undefined;
  readonly note: string | undefined;
  /** By which change it was made; undefined where it was not, or by its owner. */
  readonly change?: Change;
  /** The process for which it was left alone, where that is known. */
  readonly usedBy?: FileUser;
};

/** A process that has a file open for writing or has locked it. */
export type FileUser = { readonly pid: number; readonly name: string | undefined };

/** Which entries a pass acts on, by intent. */
export type Selection = Pick<ExaminedEntries, "indexesOf" | "at">;

/** Outcomes by entry key, as they are recorded. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** An entry was changed; `note` is what went wrong after that. */
export type Done = { readonly kind: "done"; readonly note: string | undefined };

/** An entry stays as it was. */
export type NotDone = Outcome & {
  readonly kind: "not-done";
  readonly action: "skipped" | "withheld" | "pending" | "busy" | "failed";
  readonly tombstone: undefined;
  readonly note: string;
};

export function done(note?: string): Done {
  return { kind: "done", note };
}

export function notDone(action: NotDone["action"], note: string): NotDone {
  return { kind: "not-done", action, tombstone: undefined, note };
}

/** Of an entry whose file another process uses. */
export function leftBusy({ pid, name, why }: Busy): NotDone {
  const left = notDone("busy", why);
  return pid === undefined ? left : { ...left, usedBy: { pid, name } };
}

export function isNotDone(result: unknown): result is NotDone {
  return typeof result === "object" && result !== null && "kind" in result && result.kind === "not-done";
}

/** Of an entry that a stopped sweep did not come to. */
export const stopped = notDone("skipped", "the sweep was stopped before it came to this entry");

/** What a change is called when it is made. */
export const changedAs = { reap: "reaped", stamp: "released", mark: "released", "take-over": "healed" } as const satisfies Record<
  Change,
  Action
>;

/** Of an entry whose container is not the judged one any more. */
export const changedSince = notDone("skipped", "it changed since it was judged");

/** Of an entry that a last look finds alive. */
export const cameBack = "it came back to life";

/** Of a superseded entry whose session is found in another process than the one that left it behind. */
export const foundElsewhere = "its session shows elsewhere";

/** Of an entry that waits for room. */
export const tombstonesFull = "the tombstones are full: older ones have to go first";

/** Returns how many entries of all registries wait for room. */
export function countWithoutRoom(outcomes: Iterable<Outcomes>): number {
  const all = [...outcomes].flatMap((recorded) => [...recorded.values()]);
  return all.filter(({ note }) => note === tombstonesFull).length;
}

/** A note with something more to say. */
export function joined(note: string | undefined, more: string): string {
  return note === undefined ? more : `${note}; ${more}`;
}

/** Returns what records the outcomes of one change. */
export function recordIn<E>(
  outcomes: Map<string, Outcome>,
  change: Change,
  keyOf: (entry: E) => string,
): (entry: E, result: Done | NotDone, tombstone: string | undefined) => void {
  return (entry, result, tombstone) => {
    outcomes.set(keyOf(entry), result.kind === "not-done" ? result : { action: changedAs[change], tombstone, note: result.note, change });
  };
}
