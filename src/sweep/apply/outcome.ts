import type { Action } from "../../core/actions.ts";
import type { Reason } from "../../core/answer.ts";
import type { ExaminedEntry } from "../judge/examined.ts";

/** What became of an entry; `note` says why it was not what was meant. */
export type Outcome = {
  readonly action: Action;
  readonly tombstone: string | undefined;
  readonly note: string | undefined;
  /** Why it was condemned, where that was at hand: whoever asks for no more need not have it judged again. */
  readonly reason?: Reason;
};

/** Outcomes by entry key, as they are recorded. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export function succeeded(action: Action, tombstone?: string): Outcome {
  return { action, tombstone, note: undefined };
}

export function notDone(action: Action, note: string): Outcome {
  return { action, tombstone: undefined, note };
}

export function recordAll(outcomes: Map<string, Outcome>, entries: Iterable<ExaminedEntry>, outcome: Outcome): void {
  for (const { entry } of entries) outcomes.set(entry.key, outcome);
}

/** The tombstones of one sweep: its id, when it began, how many were written, and how many bytes may follow. */
export type TombstoneWriter = { readonly sweepId: string; readonly at: string; count: number; room: number };

/** Why a sweep is to end early. It finishes the entry in hand, and leaves the rest for the next one. */
export type Stop = { signal: "SIGINT" | "SIGTERM" | undefined };

/** What is said of the condemned whom a stopped sweep did not come to. */
export const stopped = "the sweep was stopped before it came to this entry";

/** What a last look needs beside the registry. */
export type Surroundings = {
  readonly codexHomes: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stop: Stop;
};
