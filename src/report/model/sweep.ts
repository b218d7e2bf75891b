import type { Action } from "../core/actions.ts";
import type { Reason } from "../core/answer.ts";
import type { RungName, Verdict } from "../core/ladder.ts";
import type { Tally } from "./tally.ts";

/** The JSON contract. Additive changes keep the number, others raise it. */
export const outputSchema = 1;

export type RegistryState = "swept" | "report-only" | "missing" | "unreadable" | "malformed" | "changed" | "failed";

export type RegistryReport = {
  readonly format: string;
  readonly path: string;
  readonly state: RegistryState;
  readonly owner: { readonly up: boolean; readonly pids: readonly number[] };
  readonly registrations: number;
  readonly problem: string | null;
};

export type EntryReport = {
  readonly registry: string;
  readonly format: string;
  readonly key: string;
  readonly sessionId: string | null;
  readonly verdict: Verdict;
  readonly rung: RungName | null;
  readonly reason: Reason;
  readonly detail: string;
  readonly ageMs: number | null;
  readonly action: Action;
  readonly tombstone: string | null;
  /** Another session under which the same process is registered, by a registry that its holder writes itself. */
  readonly phantomOf: string | null;
  /** Of a lock under another host's name: whether this machine may take it over. */
  readonly hostLock?: "stays" | "doubt" | "off" | "heal";
};

export type Summary = {
  readonly live: number;
  readonly ghost: number;
  readonly undecided: number;
  readonly reaped: number;
  readonly healed: number;
  /** Rows released because a newer start of the same process superseded them; they stay in their registry. */
  readonly superseded: number;
  readonly pending: number;
  readonly withheld: number;
  readonly skipped: number;
  readonly failed: number;
};

export type SweepReport = {
  readonly schema: typeof outputSchema;
  readonly command: string;
  readonly dryRun: boolean;
  readonly sweepId: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly host: { readonly hostname: string; readonly bootId: string | null };
  readonly registries: readonly RegistryReport[];
  /** Every entry, registry by registry. Made anew by each pass over it, so that lines that are not printed take no room. */
  readonly entries: Iterable<EntryReport>;
  /** The entries that were not simply kept: what was or would be done, what failed, and what waits. */
  readonly notable: Iterable<EntryReport>;
  /** What was counted in each of `registries`, in their order. */
  readonly tallies: readonly Tally[];
  readonly summary: Summary;
  /** Why the sweep did not trust what it saw and reaped nothing. */
  readonly refusal: string | null;
  /** What was looked at, and what was seen there. */
  readonly looks: readonly string[];
  /** What an operator should hear although nothing failed. */
  readonly warnings: readonly string[];
  /** Identities that take a new session id every few seconds; nothing of them is superseded. */
  readonly flapping?: readonly { readonly registry: string; readonly identity: string; readonly ids: number; readonly spanMs: number }[];
  readonly exitCode: number;
};
