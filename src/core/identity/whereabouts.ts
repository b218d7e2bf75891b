import { seen, unseen, type Clock, type Here, type Observed } from "../evidence.ts";
import type { Registration } from "../registration.ts";
import type { RegistryFacts } from "../scene.ts";
import { canonicalHost, compareHosts, isSameMachine } from "./hosts.ts";
import { canonicalBootId, isSameBoot } from "./tokens.ts";

/** When an entry can have been written. A sweep that saw it in an earlier boot of this machine knows that it was not in this one. */
type Written = Pick<RegistryFacts, "modifiedAt" | "changedAt" | "oneFile"> & {
  readonly seenInEarlierBoot: boolean;
  /** The clock was stepped since: then what it said when the entry was written and what it says now cannot be compared. */
  readonly clockStepped: boolean;
};

type OnOtherHost = { readonly kind: "other-host"; readonly theirs: string; readonly ours: string | undefined };
type OnThisHost = {
  readonly kind: "here";
  /** False where only the names without a domain are equal. */
  readonly certain: boolean;
};

/** Where an entry's session was started. */
export type Whereabouts =
  | OnThisHost
  | OnOtherHost
  /** By a kernel that runs beside ours: a microVM, gVisor. `ours` is its boot as we see it. */
  | { readonly kind: "other-kernel"; readonly ours: string }
  | { readonly kind: "unknown"; readonly why: string };

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
function hostOf(claim: Registration, here: Here): OnThisHost | OnOtherHost {
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
  return hostOf(claim, here).kind === "other-host";
}

/**
 * Whether an entry was written after this boot began: by when it was registered, and by its own file's time. A member that
 * does not say when can be as new as the file that it shares. Where nothing but a file's times tells, the kernel's counts,
 * too: a writer can set the other one back.
 */
function isOfThisBoot(claim: Registration, written: Written, clock: Clock): Observed<boolean> {
  if (written.seenInEarlierBoot) return seen(false);
  if (written.clockStepped) return unseen("the clock was stepped since");
  if (!clock.wallMs.seen) return clock.wallMs;
  if (!clock.bootMs.seen) return clock.bootMs;
  const began = clock.wallMs.value - clock.bootMs.value;
  // A clock that was stepped may lie between its times: one of this boot is enough.
  const stated = [claim.registeredAt, claim.lastActivityAt, claim.lastHeartbeatAt].filter((time) => time !== undefined);
  if (!written.oneFile && stated.length > 0) return seen(Math.max(...stated) > began);
  const { modifiedAt, changedAt } = written;
  if (!modifiedAt.seen) return modifiedAt;
  if (stated.length > 0) return seen(Math.max(...stated, modifiedAt.value) > began);
  return changedAt.seen ? seen(Math.max(modifiedAt.value, changedAt.value) > began) : changedAt;
}

/**
 * Tells where an entry's session was started. An entry with another boot id than ours is of an earlier boot of this
 * machine, unless it was written after this boot began: then a kernel beside ours wrote it.
 */
export function whereabouts(claim: Registration, here: Here, written: Written, clock: Clock): Whereabouts {
  const place = hostOf(claim, here);
  if (place.kind !== "here" || claim.bootId === undefined || canonicalBootId(claim.bootId) === undefined) return place;
  const { bootId } = here;
  if (bootId.seen && isSameBoot(claim.bootId, bootId.value) !== false) return place;
  const ofThisBoot = isOfThisBoot(claim, written, clock);
  if (!ofThisBoot.seen) return { kind: "unknown", why: `whether it was written in this boot could not be told: ${ofThisBoot.why}` };
  if (!ofThisBoot.value) return place;
  return bootId.seen
    ? { kind: "other-kernel", ours: bootId.value }
    : { kind: "unknown", why: `whether boot ${claim.bootId} is this one could not be told: ${bootId.why}` };
}

/** Whether an entry says by itself that it is of another host, kernel or pid namespace, or may be of another kernel. */
export function isForeign(claim: Registration, here: Here, written: Written, clock: Clock): boolean {
  const { kind } = whereabouts(claim, here, written, clock);
  if (kind !== "here") return true;
  return claim.pidNamespace !== undefined && here.pidNamespace.seen && claim.pidNamespace !== here.pidNamespace.value.inode;
}

/** Whether an entry says anything of the host, kernel or pid namespace in which its pid is counted. */
export function saysWhere({ host, machineId, bootId, pidNamespace }: Registration): boolean {
  return (host !== undefined && canonicalHost(host) !== undefined) || [machineId, bootId, pidNamespace].some((said) => said !== undefined);
}
