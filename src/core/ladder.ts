import { ageOf, type Age } from "./age.ts";
import { outranks, noSign, stronger, type Answer, type Message } from "./answer.ts";
import type { Reason } from "./reasons.ts";
import { appServerThread } from "./rungs/app-server-thread.ts";
import { attachedProcess } from "./rungs/attached-process.ts";
import { grace } from "./rungs/grace.ts";
import type { Rung, RungRole } from "./rungs/rung.ts";
import { ttl } from "./rungs/ttl.ts";
import type { Scene } from "./scene.ts";

export const verdicts = ["live", "ghost", "undecided"] as const;

export type Verdict = (typeof verdicts)[number];

export type Judgement = {
  readonly verdict: Verdict;
  /** The first rung that settled it; undefined where no rung was asked. */
  readonly rung: RungName | undefined;
  readonly reason: Reason;
  readonly detail: Message;
  /** A ghost whose death was proven is reaped at once; one that rests on absence waits for a second look. */
  readonly certain: boolean;
  readonly ageMs: number | undefined;
};

/** The order of the questions. A rung that is added here is asked; its role says what its answers are worth. */
export const ladder = [grace, attachedProcess, appServerThread, ttl] as const satisfies readonly Rung[];

type LadderRung = (typeof ladder)[number];

export type RungName = LadderRung["name"];

export const rungNames: readonly RungName[] = ladder.map(({ name }) => name);

const verdictOf = { live: "live", unknown: "undecided", dead: "ghost" } as const;

function judgementOf(age: Age, rung: RungName, answer: Exclude<Answer, { kind: "not-applicable" }>): Judgement {
  return {
    verdict: verdictOf[answer.kind],
    rung,
    reason: answer.reason,
    detail: answer.detail,
    certain: answer.kind === "dead" && answer.certain,
    ageMs: age.known ? age.ms + age.sleptMs : undefined,
  };
}

/** The judgement of an entry of which no rung is asked. */
export function unjudged(reason: Reason, detail: Message): Judgement {
  return { verdict: "undecided", rung: undefined, reason, detail, certain: false, ageMs: undefined };
}

/** What settles an entry: a rung of the ladder, and its answer. */
export type Decision<R extends Rung = LadderRung> = { readonly rung: R; readonly answer: Answer };

/**
 * Folds the ladder into the answer that settles an entry. A gate that answers ends the questions, and so does a sign of
 * life. Of the other answers the strongest stands, and the earlier one among equals. The last resort is asked only if no
 * rung has answered. `ask` is called for each rung that is needed, in the order of the ladder.
 */
export function decide<R extends Rung>(rungs: readonly R[], ask: (rung: R) => Answer): Decision<R> | undefined {
  let settled: Decision<R> | undefined;
  for (const rung of rungs) {
    const isAnswered = settled !== undefined && settled.answer.kind !== "not-applicable";
    if (rung.role === "last-resort" && isAnswered) break;
    const answer = ask(rung);
    if (settled === undefined || outranks(answer, settled.answer)) settled = { rung, answer };
    if (answer.kind === "live" || (rung.role === "gate" && answer.kind !== "not-applicable")) return { rung, answer };
  }
  return settled;
}

/** Judges one entry by the ladder. An entry that an operator put back is left alone. */
export function judge(scene: Scene): Judgement {
  if (scene.memory.restored) return unjudged("restored", "put back by an operator, and unchanged since");
  const decision = decide(ladder, (rung) => rung.ask(scene));
  if (decision === undefined || decision.answer.kind === "not-applicable") throw new TypeError("the last resort always answers");
  return judgementOf(ageOf(scene), decision.rung.name, decision.answer);
}

/** Every rung's answer, in order, whether or not it was needed: what `explain` shows. `judge` is the fold of it. */
export function trace(scene: Scene): readonly Decision[] {
  return ladder.map((rung) => ({ rung, answer: rung.ask(scene) }));
}

const roles: ReadonlyMap<RungName | undefined, RungRole> = new Map(ladder.map(({ name, role }) => [name, role]));

/** Whether a gate settled this judgement, so that nothing else was asked of the entry. */
export function isGated({ rung }: Judgement): boolean {
  return roles.get(rung) === "gate";
}

/** Whether only silence speaks against the entry. */
export function isLastResort({ rung }: Judgement): boolean {
  return roles.get(rung) === "last-resort";
}

/** Whether every gate lets the entry through, so that the world has to be looked at. */
export function passesGates(scene: Scene): boolean {
  return ladder.every((rung) => rung.role !== "gate" || rung.ask(scene).kind === "not-applicable");
}

/** The strongest answer of the rungs that look at the world. */
export function strongestEvidence(scene: Scene): Answer {
  return ladder.reduce((answer: Answer, rung) => (rung.role === "evidence" ? stronger(answer, rung.ask(scene)) : answer), noSign);
}
