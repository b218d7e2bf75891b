import { formatDuration } from "../duration.ts";
import type { Here } from "../evidence.ts";
import { isSameMachine } from "./hosts.ts";
import { isSameBoot } from "./tokens.ts";

/** What a server's table of hosts says under this machine's name. Ages are by the server's clock. */
export type HostRow = {
  readonly bootId: string;
  /** Undefined where the machine that wrote it knew none. */
  readonly machineId: string | undefined;
  /** That of a container; undefined for a machine itself. */
  readonly pidNamespace: string | undefined;
  readonly seenAgoMs: number;
  /** How long ago a machine of this name was refused; undefined where none was. */
  readonly contestedAgoMs: number | undefined;
  /** For how long this boot has swept under this name, and no other one. Of a pause between two sweeps only a period counts. */
  readonly aloneMs: number;
};

/** A name that two machines claim is refused to both for so long, in ms, after the last of them said so. */
export const contestedForMs = 15 * 60_000;

/** The machine that sweeps, as it is told from one that has its name. */
export type OwnMachine = { readonly bootId: string; readonly machineId: string | undefined; readonly upMs: number };

/**
 * Why this machine may not sweep under its name: another machine or another boot wrote there while this one was up, or two were
 * found to do so of late. A machine that was started anew is neither, for its boot before has ended.
 */
export function contestedReason(row: HostRow, here: OwnMachine, machine: string): string | undefined {
  const { bootId, machineId, seenAgoMs, contestedAgoMs } = row;
  const cure = `give each machine a name of its own ("machine"), or delete the row of one that is gone from sessreap_hosts`;
  if (machineId !== undefined && here.machineId !== undefined && !isSameMachine(machineId, here.machineId))
    return `two machines are called "${machine}" on a server: machine ${machineId} swept there, and this one is ${here.machineId}; ${cure}`;
  if (isSameBoot(bootId, here.bootId) !== true && seenAgoMs < here.upMs)
    return `two machines are called "${machine}" on a server: boot ${bootId} swept there while this one, ${here.bootId}, was up; ${cure}`;
  if (contestedAgoMs !== undefined && contestedAgoMs < contestedForMs)
    return `two machines were called "${machine}" on a server less than ${contestedForMs / 60_000} minutes ago; ${cure}`;
  return undefined;
}

/** After so long, in ms, a second machine or container of this name would have swept, too: each does every five minutes. */
export const aloneForMs = 8 * 60_000;

/** The same where a second one was ever found: it sweeps by a calendar of its own, and may be away for long between two sweeps. */
export const aloneOnceContestedMs = 24 * 3_600_000;

/** The pid namespace of a container, by which it is told from others of this kernel; undefined for the machine itself. */
export function containerOf({ pidNamespace }: Pick<Here, "pidNamespace">): string | undefined {
  return pidNamespace.seen && !pidNamespace.value.initial ? pidNamespace.value.inode : undefined;
}

function isWrittenHere(own: HostRow, here: Pick<Here, "bootId" | "pidNamespace">): boolean {
  const { bootId, pidNamespace } = here;
  return bootId.seen && pidNamespace.seen && isSameBoot(own.bootId, bootId.value) === true && own.pidNamespace === containerOf(here);
}

/**
 * Why rows under this machine's name may be another machine's, whose pids mean nothing here; undefined where they are its own.
 * A name proves nothing: a configuration is copied, and a disk is cloned with the host's name on it.
 */
export function unprovenReason(
  { hasHosts, own }: { readonly hasHosts: boolean; readonly own: HostRow | undefined },
  here: Pick<Here, "bootId" | "pidNamespace">,
  machine: string,
): string | undefined {
  if (!hasHosts) return `nothing says that no other machine is called "${machine}" ("sessreap fleet init" makes the table that does)`;
  const aloneMs = own !== undefined && isWrittenHere(own, here) ? own.aloneMs : 0;
  const wasContested = own?.contestedAgoMs !== undefined;
  const leftMs = (wasContested ? aloneOnceContestedMs : aloneForMs) - aloneMs;
  if (leftMs <= 0) return undefined;
  const cure = wasContested ? " (if it has another name by now, delete this name's row from sessreap_hosts)" : "";
  return `another machine ${wasContested ? "was" : "could be"} called "${machine}": it has ${formatDuration(leftMs)} to sweep, too, before rows are changed${cure}`;
}
