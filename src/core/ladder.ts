import { ageOf, type Age } from "./age.ts";
import { outranks, type Answer, type Reason, type Said } from "./answer.ts";
import { appServerThread } from "./rungs/app-server-thread.ts";
import { attachedProcess } from "./rungs/attached-process.ts";
import { grace, youth } from "./rungs/grace.ts";
import type { Rung, RungName } from "./rungs/rung.ts";
import { ttl } from "./rungs/ttl.ts";
import type { Scene } from "./scene.ts";

export type Verdict = "live" | "ghost" | "undecided";

export type Judgement = {
  readonly verdict: Verdict;
  /** The first rung that settled it; undefined where no rung was asked. */
  readonly rung: RungName | undefined;
  readonly reason: Reason;
  readonly detail: Said;
  /** A ghost whose death was proven is reaped at once; one that rests on absence waits for a second look. */
  readonly certain: boolean;
  readonly ageMs: number | undefined;
};

/** The order of the questions. `ttl` is the last resort: it is asked only when nothing could ever be seen. */
export const ladder = [grace, attachedProcess, appServerThread, ttl] as const satisfies readonly Rung[];

const verdictOf = { live: "live", unknown: "undecided", dead: "ghost" } as const;

function settle(age: Age, rung: RungName, answer: Exclude<Answer, { kind: "not-applicable" }>): Judgement {
  return {
    verdict: verdictOf[answer.kind],
    rung,
    reason: answer.reason,
    detail: answer.detail,
    certain: answer.kind === "dead" && answer.certain,
    ageMs: age.known ? age.ms : undefined,
  };
}

/** Life and doubt go before death, and death before the TTL; among equals the earlier rung settles it. */
export function judge(scene: Scene): Judgement {
  if (scene.memory.restored) {
    const why = "put back by an operator, and unchanged since";
    return { verdict: "undecided", rung: undefined, reason: "restored", detail: why, certain: false, ageMs: undefined };
  }
  const age = ageOf(scene);
  const young = youth(scene, age);
  if (young !== undefined) return settle(age, grace.name, young);
  const held = attachedProcess.ask(scene);
  if (held.kind === "live") return settle(age, attachedProcess.name, held);
  const loaded = appServerThread.ask(scene);
  const answer = outranks(loaded, held) ? loaded : held;
  if (answer.kind !== "not-applicable") {
    return settle(age, answer === held ? attachedProcess.name : appServerThread.name, answer);
  }
  const last = ttl.ask(scene);
  if (last.kind === "not-applicable") throw new TypeError("the ttl rung always answers");
  return settle(age, ttl.name, last);
}

/** Every rung's answer, in order, whether or not it was needed: what `explain` shows. */
export function trace(scene: Scene): readonly { readonly rung: Rung; readonly answer: Answer }[] {
  return ladder.map((rung) => ({ rung, answer: rung.ask(scene) }));
}
