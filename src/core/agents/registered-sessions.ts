export type RegisteredSessions = {
  /** Registrations whose process is not known to be gone, by canonical session id: the first two of each registry and kind. */
  readonly bySession: ReadonlyMap<string, readonly Registered[]>;
  /** Every process that such a registration proves to run its session. */
  readonly provenPids: ReadonlySet<number>;
  readonly unread: readonly UnreadRecords[];
};

/** A registration whose process may run its session: proven by its start, or open. `said` tells what its pid shows. */
export type Registered = {
  readonly registry: string;
  readonly key: string;
  readonly where: string;
  readonly pid: number;
  readonly isProven: boolean;
  readonly said: string;
};

/** A user whose agents' records of what they run could not be read. */
export type UnreadRecords = { readonly uid: number; readonly why: string };
