import type { Here } from "../evidence.ts";
import type { Registration } from "../registration.ts";
import { canonicalHost, compareHosts, isSameMachine } from "./hosts.ts";
import { isSameBoot } from "./tokens.ts";

/** Where an entry's session was started. */
export type Whereabouts =
  /** On this machine; `certain` is false where only the names without a domain are equal. */
  | { readonly kind: "here"; readonly certain: boolean }
  | { readonly kind: "other-host"; readonly theirs: string; readonly ours: string | undefined };

/** What is said of most entries is made once. */
const certainlyHere = { kind: "here", certain: true } as const;

/**
 * An entry of our boot is of this machine under any host name, for a container has one of its own, where its pid can be
 * looked at: the initial pid namespace shows every process of this kernel, and any other one shows its own.
 */
function isOfOurBoot({ bootId, pidNamespace }: Registration, here: Here): boolean {
  if (!here.pidNamespace.seen || !here.bootId.seen || isSameBoot(bootId, here.bootId.value) !== true) return false;
  const { initial, inode } = here.pidNamespace.value;
  return initial || pidNamespace === inode;
}

/** The host on which an entry's session was started. A boot id and a machine's id decide before a name does. */
export function whereabouts(claim: Registration, here: Here): Whereabouts {
  const { host, machineId } = claim;
  if ((host === undefined && machineId === undefined) || isOfOurBoot(claim, here)) return certainlyHere;
  if (machineId !== undefined) {
    const ours = here.machineId?.seen === true ? here.machineId.value : undefined;
    if (ours === undefined || !isSameMachine(machineId, ours)) return { kind: "other-host", theirs: machineId, ours };
    return certainlyHere;
  }
  if (host === undefined || canonicalHost(host) === undefined) return certainlyHere;
  const match = compareHosts(host, here.hostname);
  return match === "other" ? { kind: "other-host", theirs: host, ours: here.hostname } : { kind: "here", certain: match === "same" };
}

/** Whether an entry's session was started on another machine, whose pids mean nothing here. */
export function isOnOtherHost(claim: Registration, here: Here): boolean {
  return whereabouts(claim, here).kind === "other-host";
}
