import { actionNames, isChange, noActions, type Action } from "../core/plan/actions.ts";
import type { Reason } from "../core/reasons.ts";
import type { Verdict } from "../core/ladder.ts";
import type { Summary } from "./model/sweep.ts";

/** How many entries of one registry were judged how, and what was done with them. */
export type Tally = {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly actions: Readonly<Record<Action, number>>;
  /** Of the undecided ones, those that claim nothing. */
  readonly noClaims: number;
  /** Of the released ones, the rows that a newer start superseded; they stay in their registry. */
  readonly superseded: number;
  /** Of the released ones, the ghosts whose release was written into them; they stay, too. */
  readonly marked: number;
  /** Entries that were kept because this sweep could not look, or not understand them: how many for each reason, and what the first one says. */
  readonly blind: ReadonlyMap<Reason, { readonly count: number; readonly detail: string }>;
};

/** Reasons for which an entry is kept because this sweep could not look; a registry that stays so is not guarded. */
export const blindReasons = [
  "process-table-blind",
  "pid-unseen",
  "start-token-unproven",
  "foreign-pid-namespace",
  "homes-unseen",
  "app-server-unreachable",
  "foreign-network",
  "tmux-unseen",
] as const satisfies readonly Reason[];

/** Whether it is counted how many entries are kept for a reason. Those that cannot be understood stay until a person looks at them. */
export function isCountedReason(reason: Reason): boolean {
  return reason === "malformed-entry" || (blindReasons as readonly Reason[]).includes(reason);
}

export const noVerdicts: Tally["verdicts"] = { live: 0, ghost: 0, undecided: 0 };

/** Of a registry that could not be read. */
export const noTally: Tally = { verdicts: noVerdicts, noClaims: 0, actions: noActions, superseded: 0, marked: 0, blind: new Map() };

export function summarize(tallies: readonly Tally[]): Summary {
  const verdict = (name: Verdict): number => tallies.reduce((sum, { verdicts }) => sum + verdicts[name], 0);
  const action = (name: Action): number => countActions(tallies, name);
  const sumOf = (name: "noClaims" | "superseded" | "marked"): number => tallies.reduce((sum, tally) => sum + tally[name], 0);
  const [noClaim, superseded] = [sumOf("noClaims"), sumOf("superseded")];
  return {
    live: verdict("live"),
    ghost: verdict("ghost"),
    undecided: verdict("undecided") - noClaim,
    noClaim,
    reaped: action("reaped") + action("released") - superseded - sumOf("marked"),
    released: action("released"),
    healed: action("healed"),
    superseded,
    pending: action("pending"),
    withheld: action("withheld"),
    busy: action("busy"),
    skipped: action("skipped"),
    failed: action("failed"),
  };
}

export function countActions(tallies: readonly Tally[], wanted: Action): number {
  return tallies.reduce((sum, { actions }) => sum + actions[wanted], 0);
}

/** How much was done, or failed to be. */
export function countChanges(tallies: readonly Tally[]): number {
  return actionNames.filter(isChange).reduce((sum, name) => sum + countActions(tallies, name), 0);
}
