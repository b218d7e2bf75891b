import type { Tombstone } from "../../core/tombstone.ts";

export const restoreActions = ["restored", "would-restore", "newcomer", "failed"] as const;

/** What became of one tombstone. */
export type RestoreOutcome = {
  readonly tombstone: Tombstone;
  readonly action: (typeof restoreActions)[number];
  readonly detail: string;
};

/** What is said when the name is taken. */
export const newcomer = "an entry of this name is there already; it was left alone";

/** What is said when a registry's layout is another than when the entry was reaped. */
export const otherKind = "its tombstone is of another kind of registry";
