import type { Verdict, RungName } from "../core/ladder.ts";
import type { Action } from "../core/plan/actions.ts";
import type { Reason } from "../core/reasons.ts";

/** The caller's own registry, in the words of a configuration (sessreap-config(5)). */
export type OwnRegistry = {
  readonly format: string;
  /** Absolute, or below `~/`. */
  readonly path: string;
  readonly appServers?: readonly string[];
  /** By what every sweep of this machine knows that the caller is up. */
  readonly owner?: { readonly argv?: readonly string[]; readonly unit?: string; readonly lock?: string; readonly socket?: string };
  readonly about?: "process" | "session" | "thread";
  readonly entries?: string;
  readonly pattern?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly keepWhen?: Readonly<Record<string, readonly (string | number | boolean | null)[]>>;
  readonly holders?: readonly string[];
  readonly onGhost?: "reap" | "release" | "report";
  readonly ownDirectory?: boolean;
  readonly shared?: boolean;
};

export type BridgeOptions = {
  /** The registry itself, or the path of one that the configuration describes. What is described there is taken from there. */
  readonly registry: OwnRegistry | string;
  /** A configuration file in place of the user's and the system's. */
  readonly config?: string;
  /** Durations such as `90s` or `10m`, in place of the configured ones. */
  readonly grace?: string;
  readonly ttl?: string;
  /** For so long, in ms, another sweep is waited for (default 30,000). */
  readonly waitMs?: number;
  /** Ends the call early. An entry in hand is finished; a call that has not done its work rejects with the signal's reason. */
  readonly signal?: AbortSignal;
};

export type WatchOptions = Omit<BridgeOptions, "signal"> & {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Hears which rows went, and which were to go and could not. */
  readonly onRows?: (rows: readonly Row[]) => void;
  /** Hears what is watched, and what stands in the way. */
  readonly onNotice?: (notice: string) => void;
};

/** What a watch has seen and done until it was ended. */
export type WatchResult = { readonly sweeps: number; readonly exits: number; readonly closings: number; readonly gone: number };

/** One row of the registry: what was said of it, and what was done. */
export type Row = {
  readonly key: string;
  readonly sessionId: string | null;
  readonly verdict: Verdict;
  readonly rung: RungName | null;
  readonly reason: Reason;
  readonly detail: string;
  readonly action: Action;
  /** Under which `sessreap restore` puts it back. */
  readonly tombstone: string | null;
};

/** The row that is meant: an agent that registers anew under the same key has another session, or another process. */
export type RowMeant = { readonly sessionId: string } | { readonly pid: number };

/** `gone` is a row that claims nothing any more; where `row` is undefined it was not there. */
export type ReapedRow =
  | { readonly gone: true; readonly key: string; readonly row: Row | undefined }
  | { readonly gone: false; readonly key: string; readonly row: Row };

export type Reconciled = {
  /** Under which `sessreap history` and `sessreap restore --sweep` know it. */
  readonly sweepId: string;
  /** `missing` where there is no registry yet. */
  readonly state: "swept" | "report-only" | "missing" | "changed" | "busy" | "failed";
  readonly problem: string | null;
  readonly rows: readonly Row[];
  readonly warnings: readonly string[];
};
