import type { HostRow } from "../../core/identity/contested-name.ts";
import type { Silence } from "../../registries/rows/silence-statements.ts";
import type { Named } from "../../registries/rows/server-statements.ts";
import type { TableQuestion } from "../../registries/rows/table.ts";
import type { ServerAddress } from "../../registries/rows/server-address.ts";

/** One table of a server as it is asked for by the machine whose rows are wanted. */
export type DatabaseQuestion = TableQuestion & {
  readonly url: string;
  readonly address: ServerAddress;
  readonly machine: string;
  readonly machineColumn: string;
  /** The columns into which a release is written; undefined where none is. */
  readonly released: { readonly at: string; readonly reason: string } | undefined;
  /** The column of the agent's name; undefined where there is none. */
  readonly identityColumn: string | undefined;
  readonly onGhost: "reap" | "release" | "report";
  readonly named: Named | undefined;
  /** By what rows of silent machines are found; undefined where they are not looked for. */
  readonly silence: Silence | undefined;
  /** For how long, in ms, this machine's own rows stay when it falls silent; undefined where that is not said. */
  readonly heartbeatTtlMs: number | undefined;
  /** Rows of other machines are counted. */
  readonly countsForeign?: true;
};

/** What is known of the machines that share a table of a server. */
export type FleetCounts = {
  /** How many have ever swept, and how many of these are silent; undefined without a table of hosts. */
  readonly swept: { readonly machines: number; readonly silent: number } | undefined;
  /** How many rows of this machine others have released in its silence, which ends now. */
  readonly releasedMeanwhile: number;
  /** How many rows of others are not released; undefined where they were not counted. */
  readonly foreign: number | undefined;
};

/** A table of a server, as it was found. It has no file: its rows say by themselves when they were written. */
export type ServerTable = {
  readonly realPath: string;
  readonly stat: undefined;
  readonly address: ServerAddress;
  readonly machine: string;
  /** The user who asked. */
  readonly user: number;
  /** When it was read, in epoch ms: nothing in it was written later. */
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** Why nothing may be changed in it. */
  readonly obstacle: string | undefined;
  /** It follows another server and takes no changes, of this machine's row of the table of hosts neither. */
  readonly isStandby: boolean;
  readonly schema: string;
  /** Whether there is a table of hosts beside it, and what that says under this machine's name. */
  readonly hasHosts: boolean;
  readonly own: HostRow | undefined;
  /** By what rows of silent machines are found there; undefined where they cannot be. */
  readonly silence: Silence | undefined;
  readonly heartbeatTtlMs: number | undefined;
  /** A machine is silent that no pass has marked for a period. */
  readonly isPassDue: boolean;
  /** Why no row of a silent machine may be released, though some are stale. */
  readonly withheld: string | undefined;
  readonly fleet: FleetCounts;
};
