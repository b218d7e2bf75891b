import type { Reason } from "../core/answer.ts";
import type { Verdict } from "../core/ladder.ts";
import type { Intent } from "../core/plan.ts";
import type { RegistryFacts } from "../core/scene.ts";
import { isBlindReason, noVerdicts, type Tally } from "../report/tally.ts";
import type { Judged } from "./judge.ts";
import type { ReadRegistry } from "./loaded.ts";
import type { OwnerSight } from "./owner.ts";

export type ExaminedEntry = Judged & {
  readonly intent: Intent;
  /** The session that a registry written by the holders themselves names for the same process, if it is another. */
  readonly phantomOf: string | undefined;
};

/**
 * Judged entries, in the registry's order. Of each only what is meant with it is kept: the same evidence gives the
 * same judgement again to whoever asks, and a judgement each for a million entries would be most of a sweep's memory.
 */
export type ExaminedEntries = Iterable<ExaminedEntry> & {
  readonly length: number;
  readonly at: (index: number) => ExaminedEntry;
  /** Those with which something is to be done or awaited: all but the kept ones. */
  readonly meant: () => Iterable<ExaminedEntry>;
  /** Those that the next sweep may have to know something of. */
  readonly notable: () => Iterable<ExaminedEntry>;
  readonly intents: Readonly<Record<Intent, number>>;
  readonly verdicts: Tally["verdicts"];
  readonly blind: Tally["blind"];
};

export type Examined = {
  readonly loaded: ReadRegistry;
  readonly facts: RegistryFacts;
  readonly owner: OwnerSight;
  readonly reportOnly: string | undefined;
  /** Its writer's notion of a start token changed: nothing there can be judged, and somebody must look. */
  readonly drifted: boolean;
  readonly entries: ExaminedEntries;
};

const isMeant = 1;
const isNotable = 2;

/** Does memory have anything to keep of it? One with a time of its own that nothing is held against can do without. */
function noteworthy({ timed, memory, judgement }: Judged): boolean {
  return !timed || memory.clockStepped || (judgement.verdict === "ghost" && !judgement.certain);
}

/** Judges each entry once, and again when somebody asks for it. */
export function examinedEntries(length: number, judgeAt: (index: number) => ExaminedEntry): ExaminedEntries {
  const marks = new Uint8Array(length);
  const verdicts: Record<Verdict, number> = { ...noVerdicts };
  const intents: Record<Intent, number> = { keep: 0, reap: 0, release: 0, wait: 0, withhold: 0 };
  const blind = new Map<Reason, { count: number; readonly detail: string }>();
  for (let index = 0; index < length; index += 1) {
    const one = judgeAt(index);
    const { verdict, reason, detail } = one.judgement;
    verdicts[verdict] += 1;
    intents[one.intent] += 1;
    marks[index] = (one.intent === "keep" ? 0 : isMeant) | (noteworthy(one) ? isNotable : 0);
    if (verdict !== "undecided" || !isBlindReason(reason)) continue;
    const before = blind.get(reason);
    if (before === undefined) blind.set(reason, { count: 1, detail });
    else before.count += 1;
  }
  function* marked(mark: number): Generator<ExaminedEntry, undefined> {
    for (let index = 0; index < length; index += 1) if ((marks[index] as number) & mark) yield judgeAt(index);
  }
  function* all(): Generator<ExaminedEntry, undefined> {
    for (let index = 0; index < length; index += 1) yield judgeAt(index);
  }
  return {
    length,
    at: judgeAt,
    meant: () => marked(isMeant),
    notable: () => marked(isNotable),
    intents,
    verdicts,
    blind,
    [Symbol.iterator]: all,
  };
}
