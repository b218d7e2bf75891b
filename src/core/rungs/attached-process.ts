import { noSign, stronger, type Answer } from "../answer.ts";
import type { Scene } from "../scene.ts";
import type { Rung } from "./rung.ts";
import { attachedCli } from "./signs/attached-cli.ts";
import { endpoint } from "./signs/endpoint.ts";
import { heartbeat } from "./signs/heartbeat.ts";
import { observedHolder } from "./signs/observed-holder.ts";
import { holderSign } from "./signs/recorded-holder.ts";
import type { Sign } from "./signs/sign.ts";
import { writerLock } from "./signs/writer-lock.ts";

/** What can show that a process holds the session, in the order in which it is told. Of equal answers the earlier stands. */
export const signs = [holderSign, attachedCli, writerLock, observedHolder, heartbeat, endpoint] as const satisfies readonly Sign[];

export const attachedProcess = {
  name: "attached-process",
  role: "evidence",
  rule: "A process that holds the session keeps it; a recorded holder that is provably gone condemns it.",
  ask: (scene: Scene): Answer => signs.reduce((strongest: Answer, sign) => stronger(strongest, sign.ask(scene)), noSign),
} as const satisfies Rung;
