import type { Tombstone } from "../../core/tombstone.ts";
import { notDone } from "../apply/outcome.ts";

export const restoreActions = ["restored", "would-restore", "newcomer", "failed"] as const;

/** What became of one tombstone. */
export type RestoreOutcome = {
  readonly tombstone: Tombstone;
  readonly action: (typeof restoreActions)[number];
  readonly detail: string;
};

/** Of an entry whose name is taken. */
export const newcomer = notDone("skipped", "an entry of this name is there already; it was left alone");

/** Of a row that its writer, or a trigger of its table, has written into since it was released. */
export const writtenSince = notDone("skipped", "its row was written since it was released; it was left alone");

/** Of an entry whose registry has another layout than when it was reaped. */
export const otherKind = notDone("failed", "its tombstone is of another kind of registry");

/** Of an entry whose registry was written to while it was to be put back. */
export const changedMeanwhile = notDone("failed", "its registry changed meanwhile; try again");
