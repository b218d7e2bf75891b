import { noSign, stronger, type Answer } from "../answer.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";
import { asksForSession } from "./claim.ts";
import { endpoint } from "./signs/endpoint.ts";
import { entryLock } from "./signs/entry-lock.ts";
import { heartbeat } from "./signs/heartbeat.ts";
import { mentioned } from "./signs/mentions.ts";
import { observedHolder } from "./signs/observed-holder.ts";
import { registeredElsewhere } from "./signs/registered-elsewhere.ts";
import { holderSign } from "./signs/recorded-holder.ts";
import type { Sign } from "./signs/sign.ts";
import { tmux } from "./signs/tmux.ts";
import { statedName } from "./signs/stated-name.ts";

/** What can show that a process holds the session, in the order in which it is told. Of equal answers the earlier stands. */
export const signs = [
  holderSign,
  entryLock,
  mentioned,
  statedName,
  registeredElsewhere,
  observedHolder,
  heartbeat,
  endpoint,
  tmux,
] as const satisfies readonly Sign[];

export const attachedProcess = {
  name: "attached-process",
  role: "evidence",
  rule: "A process that holds the session keeps it; a recorded holder that is provably gone condemns it.",
  ask: (scene: Scene): Answer => {
    const isOfSession = asksForSession(scene);
    return signs.reduce((strongest: Answer, sign) => {
      // A process that is gone stays gone, also where its session runs in another one.
      return !isOfSession && sign.shows === "session" ? strongest : stronger(strongest, sign.ask(scene));
    }, noSign);
  },
} as const satisfies Rung;
