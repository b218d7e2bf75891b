import type { TokenCheck } from "../../core/self-check.ts";
import type { RegistryFacts } from "../../core/scene.ts";
import { eachClaim } from "./scenes.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { World } from "../observe/observe.ts";

/** Recorded start tokens held against the processes that have their pids now. */
export function tokenChecks(loaded: ReadRegistry, facts: RegistryFacts, world: World): readonly TokenCheck[] {
  if (!world.processes.seen || loaded.pids.size === 0) return [];
  const { pids } = world.processes.value;
  const checks: TokenCheck[] = [];
  for (const { pid, startTicks } of eachClaim(loaded.kind === "files" ? loaded.opened : loaded.entries)) {
    const observation = pid === undefined || startTicks === undefined ? undefined : pids.get(pid);
    if (observation === undefined || !observation.seen || observation.value.kind === "gone" || !observation.value.startTicks.seen) continue;
    const { names } = observation.value;
    const nameFits =
      facts.holderNames !== undefined && names.seen && names.value.some((name) => facts.holderNames?.includes(name) === true);
    checks.push({ matches: observation.value.startTicks.value === startTicks, nameFits });
  }
  return checks;
}

/** What is said of a registry whose start tokens changed their meaning. */
export const startTokenMismatch =
  "three or more of its start tokens differ from the processes that have their pids, and none matches: its writer may count them in another way";
