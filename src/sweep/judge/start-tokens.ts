import type { ProcessTable } from "../../core/evidence.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Registration } from "../../core/registration.ts";
import { canBeHolder } from "../../core/identity/holder-names.ts";
import type { RegistryFacts } from "../../core/scene.ts";
import type { TokenCheck } from "../../core/self-check.ts";
import { isSameBoot } from "../../core/identity/tokens.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import { registryId } from "../load/target.ts";
import type { World } from "../observe/observe.ts";

/** Claims of a registry with a start token, if any of its pids is there at all. */
function* tokenClaims(loaded: ReadRegistry, { pids, innerPids }: ProcessTable): Generator<Registration, undefined> {
  const isThere = (pid: number): boolean => {
    const observation = pids.get(pid);
    return (observation?.seen === true && observation.value.kind === "there") || (innerPids.seen && innerPids.value.has(pid));
  };
  if (![...loaded.pids].some(isThere)) return;
  for (const { claim } of loaded.kind === "files" ? loaded.opened : loaded.entries) {
    if (claim.ok && claim.registration.startTicks !== undefined) yield claim.registration;
  }
}

/** Whether an entry's start token is that of the process which has its pid, here or in a container. */
function hasMatched({ pid, startTicks, bootId }: Registration, { pids, innerPids }: ProcessTable, here: World["here"]): boolean {
  if (pid === undefined || (here.bootId.seen && isSameBoot(bootId, here.bootId.value) === false)) return false;
  const observation = pids.get(pid);
  const isHere = observation?.seen === true && observation.value.kind === "there" && observation.value.startTicks.seen;
  if (isHere && observation.value.startTicks.value === startTicks) return true;
  return innerPids.seen && innerPids.value.get(pid)?.some((inner) => inner.startTicks === startTicks) === true;
}

/**
 * Whether a registry's start tokens are clock ticks. In a format whose writer is known they are. Of a member that a
 * configuration names that has to show: one entry must have matched its process, now or in a sweep that remembered it of
 * the very same fields.
 */
export function areTokensProven(loaded: ReadRegistry, world: World, { provenTokens }: Pick<Memory, "provenTokens">): boolean {
  const { declaredFields } = loaded.target.format;
  if (declaredFields === undefined || provenTokens.get(registryId(loaded.target)) === declaredFields) return true;
  if (!world.processes.seen) return false;
  for (const claim of tokenClaims(loaded, world.processes.value)) if (hasMatched(claim, world.processes.value, world.here)) return true;
  return false;
}

/**
 * Recorded start tokens held against the processes that have their pids now. Left out are those of another boot, of a
 * process that has ended or is the kernel's own, and of one whose start is counted by another clock.
 */
export function tokenChecks(loaded: ReadRegistry, { holderNames }: RegistryFacts, world: World): readonly TokenCheck[] {
  if (!world.processes.seen) return [];
  const { pids } = world.processes.value;
  const { bootId } = world.here;
  const checks: TokenCheck[] = [];
  for (const claim of tokenClaims(loaded, world.processes.value)) {
    const observation = claim.pid === undefined ? undefined : pids.get(claim.pid);
    if (observation?.seen !== true || observation.value.kind === "gone") continue;
    const { names, startTicks, state, ownTime, kernelThread } = observation.value;
    if (!startTicks.seen || !ownTime || kernelThread || (state.seen && "ZX".includes(state.value))) continue;
    if (bootId.seen && isSameBoot(claim.bootId, bootId.value) === false) continue;
    const nameFits = holderNames !== undefined && names.seen && canBeHolder(names.value, holderNames);
    checks.push({ matches: startTicks.value === claim.startTicks, nameFits });
  }
  return checks;
}

/** What is said of a registry whose start tokens changed their meaning. */
export const startTokenMismatch =
  "three or more of its start tokens differ from the processes that have their pids, and none matches: its writer may count them in another way";
