import { tickMs } from "../clocks/ticks.ts";
import type { Clock, Here } from "../evidence.ts";
import type { Registration } from "../registration.ts";
import type { RegistryFacts, Scene } from "../scene.ts";
import { isSameBoot } from "./tokens.ts";

/** When a sweep first saw the very entry that stands there now: a process that started later did not write it. */
export type FirstSight = {
  /** A digest of the entry: of all its bytes and, where it has a file of its own, of that file's state. */
  readonly as: string;
  /** The machine on which it was seen, where that could be told. A home and a state directory can be shared by several. */
  readonly machine: string | undefined;
  readonly bootId: string;
  /** The time namespace in which the boot clock was read: another one counts from another moment. */
  readonly timeNamespace: string;
  readonly bootMs: number;
};

/** So many of one registry are remembered, the oldest first. */
export const maxFirstSights = 1000;

/** Several machines of one image can share a machine's id, and several of one name a home. Without an id nothing tells them apart. */
function machineOf({ hostname, machineId }: Here): string | undefined {
  return machineId?.seen === true ? `${hostname}\0${machineId.value}` : undefined;
}

/** What is remembered of an entry that is seen for the first time; undefined where a clock or a namespace cannot be told. */
export function firstSightNow(as: string, here: Here, { bootMs }: Clock): FirstSight | undefined {
  const { bootId, timeNamespace } = here;
  if (!bootId.seen || !bootMs.seen || timeNamespace?.seen !== true) return undefined;
  return { as, machine: machineOf(here), bootId: bootId.value, timeNamespace: timeNamespace.value, bootMs: bootMs.value };
}

/**
 * What it is worth that an entry had been seen before a process started. A file of its own shows by its state that it was
 * not written again, and so does a start token or a boot id in a member, which no later process writes. Times alone are
 * written again with the same text by few, and a member without any may be written again by each holder.
 */
export function sightWorth(
  { startTicks, bootId, registeredAt, lastActivityAt, lastHeartbeatAt }: Registration,
  { oneFile }: Pick<RegistryFacts, "oneFile">,
): "proof" | "absence" | "nothing" {
  if (oneFile || startTicks !== undefined || bootId !== undefined) return "proof";
  return [registeredAt, lastActivityAt, lastHeartbeatAt].some((time) => time !== undefined) ? "absence" : "nothing";
}

/**
 * Whether a process started after a sweep had seen the entry, by the boot clock alone. What was seen in an earlier boot of
 * this machine was there before every process of this one. Within one tick nothing is told.
 */
export function startedAfterSight(scene: Scene, startTicks: string, ownTime: boolean): boolean {
  const { firstSight } = scene.memory;
  const { bootId, timeNamespace } = scene.evidence.here;
  if (firstSight === undefined || !bootId.seen) return false;
  if (isSameBoot(firstSight.bootId, bootId.value) !== true) return isSeenInEarlierBoot(scene);
  const isOwnClock = ownTime && timeNamespace?.seen === true && timeNamespace.value === firstSight.timeNamespace;
  return isOwnClock && Number(startTicks) * tickMs > firstSight.bootMs;
}

/** Whether a sweep saw the very entry in an earlier boot of this machine. */
export function isSeenInEarlierBoot({ memory: { firstSight }, evidence: { here } }: Pick<Scene, "memory" | "evidence">): boolean {
  if (firstSight?.machine === undefined || !here.bootId.seen) return false;
  return isSameBoot(firstSight.bootId, here.bootId.value) === false && firstSight.machine === machineOf(here);
}

/**
 * Whether only a first sight can tell the recorded process from a later one of its pid, or in which boot an entry was
 * written that names one and no time.
 */
export function needsFirstSight(claim: Registration, registry: RegistryFacts): boolean {
  const { pid, startTicks, bootId, registeredAt } = claim;
  if (pid === undefined) return false;
  if (bootId !== undefined && registeredAt === undefined) return true;
  return !(startTicks !== undefined && registry.startTokensProven) && sightWorth(claim, registry) !== "nothing";
}
