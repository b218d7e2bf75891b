import { live, noSign, unknown } from "../../answer.ts";
import type { Sign } from "./sign.ts";

/**
 * A lock on the entry's own file. The kernel frees it with the last process that has it, so it is held now, though the
 * process that took it, whose pid the lock names, can have ended and left it to its child.
 */
export const entryLock: Sign = {
  name: "entry-lock",
  shows: "process",
  ask: ({ claim, registry, evidence: { locks } }) => {
    if (registry.directory === undefined) return noSign;
    if (!locks.seen) return unknown("process-table-blind", locks.why);
    const lock = locks.value.size === 0 ? undefined : locks.value.get(`${registry.directory}/${claim.key}`);
    if (lock === undefined) return noSign;
    return lock.seen ? live("lock-held", `its file is locked: ${lock.value}`) : unknown("process-table-blind", lock.why);
  },
};
