import type { Action } from "../../core/actions.ts";
import type { Reason } from "../../core/answer.ts";
import type { ExaminedEntry } from "../judge/examined.ts";

/** What became of an entry; `note` says why it was not what was meant. */
export type Outcome = {
  readonly action: Action;
  readonly tombstone: string | undefined;
  readonly note: string | undefined;
  /** Why it was condemned, where that was at hand, so that the history need not judge it again. */
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

/** What is said of the condemned whom a stopped sweep did not come to. */
export const stopped = "the sweep was stopped before it came to this entry";
