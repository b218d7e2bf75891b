import type { Reason } from "../core/answer.ts";
import type { Verdict } from "../core/ladder.ts";
import type { Action, EntryReport, Summary } from "./model.ts";

/** How many entries of one registry were judged how, and what was done with them. */
export type Tally = {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly actions: Readonly<Record<Action, number>>;
  /** Entries that were kept because this sweep could not look: how many for each reason, and what the first one says. */
  readonly blind: ReadonlyMap<Reason, { readonly count: number; readonly detail: string }>;
};

/** Reasons for which an entry is kept because this sweep could not look; a registry that stays so is not guarded. */
export const blindReasons = [
  "process-table-blind",
  "pid-unseen",
  "writer-locks-unseen",
  "foreign-pid-namespace",
  "app-server-unreachable",
] as const satisfies readonly Reason[];

export function isBlindReason(reason: Reason): boolean {
  return (blindReasons as readonly Reason[]).includes(reason);
}

export const noVerdicts: Tally["verdicts"] = { live: 0, ghost: 0, undecided: 0 };

export const noActions: Tally["actions"] = {
  kept: 0,
  "would-reap": 0,
  reaped: 0,
  released: 0,
  pending: 0,
  withheld: 0,
  skipped: 0,
  failed: 0,
};

/** Counts reports that are at hand. */
export function tallyOf(entries: Iterable<EntryReport>): Tally {
  const [verdicts, actions] = [{ ...noVerdicts }, { ...noActions }];
  const blind = new Map<Reason, { readonly count: number; readonly detail: string }>();
  for (const { verdict, action, reason, detail } of entries) {
    verdicts[verdict] += 1;
    actions[action] += 1;
    if (verdict === "undecided" && isBlindReason(reason)) {
      const before = blind.get(reason);
      blind.set(reason, { count: (before?.count ?? 0) + 1, detail: before?.detail ?? detail });
    }
  }
  return { verdicts, actions, blind };
}

export function summarize(tallies: readonly Tally[]): Summary {
  const verdict = (name: Verdict): number => tallies.reduce((sum, { verdicts }) => sum + verdicts[name], 0);
  const action = (name: Action): number => tallies.reduce((sum, { actions }) => sum + actions[name], 0);
  return {
    live: verdict("live"),
    ghost: verdict("ghost"),
    undecided: verdict("undecided"),
    reaped: action("reaped") + action("released"),
    pending: action("pending"),
    withheld: action("withheld"),
    skipped: action("skipped"),
    failed: action("failed"),
  };
}

export function countActions(tallies: readonly Tally[], wanted: Action): number {
  return tallies.reduce((sum, { actions }) => sum + actions[wanted], 0);
}
