import { live, noSign, notApplicable, unknown } from "../../answer.ts";
import { canonicalSession } from "../../registration.ts";
import type { Sign } from "./sign.ts";

const unlocked = notApplicable("nobody holds its writer lock");

/** A Codex process that holds the thread's writer lock. */
export const writerLock: Sign = {
  name: "writer-lock",
  ask: ({ claim, registry }) => {
    if (registry.writerLocks === undefined || claim.sessionId === undefined) return noSign;
    if (!registry.writerLocks.seen) return unknown("writer-locks-unseen", registry.writerLocks.why);
    const locks = registry.writerLocks.value;
    const holder = locks.size === 0 ? undefined : locks.get(canonicalSession(claim.sessionId));
    return holder === undefined ? unlocked : live("writer-lock-held", `pid ${holder.pid} holds ${holder.path}`);
  },
};
