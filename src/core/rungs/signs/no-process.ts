import { deadByAbsence, noSign, notApplicable, unknown } from "../../answer.ts";
import { wholeTable } from "../whole-table.ts";
import type { Sign } from "./sign.ts";

/** In a registry whose sessions always show a process, a whole table without one is death by absence. */
export const noProcess: Sign = {
  name: "no-process",
  ask: (scene) => {
    const { claim, registry } = scene;
    if (registry.presence !== "process") return noSign;
    const table = wholeTable(scene);
    if (!table.seen) return unknown("process-table-blind", table.why);
    if (claim.pid === undefined && claim.sessionId === undefined && claim.identity === undefined) {
      return notApplicable("it names no pid, session or agent to look for");
    }
    return deadByAbsence("no-process", "its sessions always show a process, and none holds it");
  },
};
