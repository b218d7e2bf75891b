import { knownPrograms, type ProgramLists } from "./agents/programs.ts";

/** A process of which an operator says that it does not run the session of the entry in question. */
export type RuledOut = { readonly pid: number; readonly startTicks: string };

/** The few numbers and declarations that a person may turn. */
export type Policy = {
  /** An entry younger than this is left alone, in ms. */
  readonly graceMs: number;
  /** After so much silence, in ms, an entry that liveness has no means to classify is a ghost. */
  readonly ttlMs: number;
  /** Reap what rests on absence alone without waiting for a second look. */
  readonly now: boolean;
  /** The user has declared that this machine's pids are all there are. */
  readonly ownPidNamespace: boolean;
  /** Hosts that an operator says will not come back: literals and `*`. */
  readonly hostsGone: readonly string[];
  /** Take over a lock that this machine left under an older name. */
  readonly healRenamedHost: boolean;
  /** By which names programs are told apart. */
  readonly programs: ProgramLists;
  /** The operator's word for one entry: it takes a doubt away that this process raises, and never a proof of life. */
  readonly despite: RuledOut | undefined;
  /** The age of an entry keeps nothing: one entry is meant, not all that a sweep meets. A server's age still counts. */
  readonly anyAge: boolean;
  /** The registry's owner says that the session of the entry in question has ended. */
  readonly ownersWord: boolean;
};

const minuteMs = 60_000;

export const defaultPolicy: Policy = {
  graceMs: 10 * minuteMs,
  ttlMs: 7 * 24 * 60 * minuteMs,
  now: false,
  ownPidNamespace: false,
  hostsGone: [],
  healRenamedHost: false,
  programs: knownPrograms,
  despite: undefined,
  anyAge: false,
  ownersWord: false,
};

/** Whether an operator says of a process that it does not run the session. A later process of its pid is another one. */
export function isRuledOut({ despite }: Policy, { pid, startTicks }: Pick<RuledOut, "pid"> & Partial<RuledOut>): boolean {
  return despite !== undefined && despite.pid === pid && (startTicks === undefined || startTicks === despite.startTicks);
}

/** Awake time, in ms, that must lie between two looks that find the same absence. */
export const secondLookMs = 4 * minuteMs;

/** Awake time, in ms, for which sweeps watch the clock after a boot or a sleep before they trust it with long ages. */
export const settledAfterMs = 60 * minuteMs;

/** So much of it, in ms, must be of this boot, however much was watched in earlier ones. */
export const settledHereMs = 10 * minuteMs;

/** A heartbeat younger than this, in ms, or than the grace period if that is longer, is fresh. */
export const freshHeartbeatMs = 10 * minuteMs;

/** A staying watch runs a whole sweep so many ms after something has happened, though no holder has left: for grace periods and second looks. */
export const watchSweepMs = minuteMs;

/** While nothing happens its whole sweeps become rarer; after so many ms, which is the timer's period, the next one comes at the latest. */
export const quietSweepMs = 5 * minuteMs;

/** Wall clock and boot clock may drift apart by this much, in ms, before the wall clock counts as stepped. */
export const clockStepMs = minuteMs;

/** A restored entry is left alone for this long, in ms, while its bytes are those restored. */
export const restoredKeptMs = 7 * 24 * 60 * minuteMs;

/** Ghosts that wait for room for longer than this, in ms, are a failure of the sweep. */
export const roomlessMs = 7 * 24 * 60 * minuteMs;
