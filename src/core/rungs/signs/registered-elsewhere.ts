import { registeredOf, unreadFor } from "../../agents/registered.ts";
import { live, noSign, notApplicable, unknown } from "../../answer.ts";
import { isRuledOut } from "../../policy.ts";
import type { Sign } from "./sign.ts";

const unregistered = notApplicable("no other registration of its session has a process that runs");

/**
 * Another registration of the same session whose own holder runs. An interactive Claude shows its session nowhere but in its
 * own record, so that record keeps every entry of the session.
 */
export const registeredElsewhere: Sign = {
  name: "registered-elsewhere",
  shows: "session",
  ask: (scene) => {
    if (scene.claim.sessionId === undefined) return noSign;
    const registered = registeredOf(scene);
    if (!registered.seen) return unknown("homes-unseen", registered.why);
    const found = registered.value.find(({ isProven }) => isProven) ?? registered.value.find((one) => !isRuledOut(scene.policy, one));
    if (found?.isProven === true) return live("registered-alive", `${found.where} names its session, and ${found.said}`);
    if (found !== undefined) {
      return unknown("registered-alive", `${found.where} names its session, and ${found.said}, which is no proof that it runs it`);
    }
    const unread = unreadFor(scene);
    return unread === undefined ? unregistered : unknown("homes-unseen", unread.why);
  },
};
