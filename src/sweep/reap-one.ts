import { isChange } from "../core/plan/actions.ts";
import { isLastResort } from "../core/ladder.ts";
import { intentFor } from "../core/plan/plan.ts";
import type { RuledOut } from "../core/policy.ts";
import type { Host } from "../host/host.ts";
import type { EntryReport } from "../report/model/sweep.ts";
import { examine, type ExamineOptions } from "./examine.ts";
import { registryPolicyOf, type ExaminedRegistry, type ExaminedEntry } from "./judge/examined.ts";
import { judgeEntry } from "./judge/scenes.ts";
import { keysOf } from "./load/loaded.ts";
import { reportsOf } from "./reporting/reports.ts";
import { carryOutIn } from "./apply/apply.ts";
import type { Selection } from "./apply/outcome.ts";
import { notOwnerReason } from "./observe/callers.ts";
import { startPass, type LookingPass } from "./pass.ts";
import { registryId } from "./load/target.ts";
import { recordHistory } from "./history.ts";
import { unkept } from "./unkept.ts";

/** What an operator says of the one entry that is to go. It goes into the history. */
export type OperatorsWord = {
  /** This process does not run the session. */
  readonly despite: (RuledOut & { readonly name: string }) | undefined;
  /** The entry need not wait for a second look. */
  readonly now: boolean;
};

export const noWord: OperatorsWord = { despite: undefined, now: false };

export type ReapOptions = ExamineOptions & {
  /** The name under which the act goes into the history. */
  readonly command: string;
  /** How well an entry of a format and of a registry, by its id, fits what is wanted, 0 for not at all. The best are chosen. */
  readonly fits: (entry: ExaminedEntry, format: string, registry: string) => number;
  /** Is told which entries were chosen before anything is touched, and throws where they are not what was meant. */
  readonly accept: (chosen: readonly Chosen[]) => void;
  /** The holder was seen to end by who asks, so that what rests on absence needs no second look. */
  readonly exitObserved: boolean;
  readonly word: OperatorsWord;
};

export type Chosen = {
  readonly registry: string;
  readonly format: string;
  readonly key: string;
  /** How well it fits what is wanted. */
  readonly fit: number;
  /** Why who calls as the owner of its registry is not; undefined where nothing speaks against it. */
  readonly notOwner: string | undefined;
};

export type Reaped = {
  readonly entries: readonly EntryReport[];
  readonly refusal: string | undefined;
  /** Keys of everything that was read, for who mistyped one. */
  readonly keys: readonly string[];
  readonly unread: readonly string[];
  /** What could not be kept of it in the state directory. */
  readonly unrecorded: readonly string[];
};

/** Whether the entry is a ghost by the operator's word alone: without it the process that is meant would keep it. */
function isByWord(pass: LookingPass, examined: ExaminedRegistry, { entry, judgement }: ExaminedEntry): boolean {
  if (judgement.verdict !== "ghost" || pass.policy.despite === undefined) return false;
  return judgeEntry({ ...pass, policy: { ...pass.policy, despite: undefined } }, examined, entry).judgement.verdict === "undecided";
}

/**
 * What is done with a chosen entry. Silence proves nothing of a holder, and neither does absence, unless the caller saw it
 * end or an operator says so.
 */
export function chosenEntry(
  pass: LookingPass,
  examined: ExaminedRegistry,
  one: ExaminedEntry,
  { exitObserved, word }: Pick<ReapOptions, "exitObserved" | "word">,
): ExaminedEntry {
  if (one.intent === "withhold") return one;
  const isSaid = word.now || isByWord(pass, examined, one);
  const { judgement, memory } = one;
  const isProven = judgement.certain || isSaid || (exitObserved && !isLastResort(judgement));
  const policy = { ...pass.policy, now: exitObserved || isSaid };
  const change = examined.loaded.target.onGhost === "release" ? "mark" : "reap";
  const intent = one.intent === "wait" ? intentFor(judgement, memory, registryPolicyOf(examined), policy, change) : one.intent;
  return { ...one, intent: isProven && (intent === "reap" || intent === "mark" || intent === "release") ? intent : "keep" };
}

/** The chosen entries of one registry, by where they stand. One that is not proven dead stays. */
type ChosenIn = {
  readonly examined: ExaminedRegistry;
  readonly byIndex: ReadonlyMap<number, ExaminedEntry>;
  readonly fit: number;
};

function bestFitting(registries: readonly ExaminedRegistry[], { fits }: ReapOptions): readonly ChosenIn[] {
  const ranked = registries.map((examined) => {
    const { target } = examined.loaded;
    return [...examined.entries].map((one) => fits(one, target.format.name, registryId(target)));
  });
  const best = Math.max(1, ...ranked.map((ranks) => Math.max(0, ...ranks)));
  return registries.map((examined, at) => {
    const indexes = (ranked[at] ?? []).flatMap((rank, index) => (rank === best ? [index] : []));
    return { examined, fit: best, byIndex: new Map(indexes.map((index) => [index, examined.entries.at(index)])) };
  });
}

function wordsOf({ despite, now }: OperatorsWord, isOwner: boolean): string | undefined {
  const words = [
    ...(isOwner ? ["as the owner"] : []),
    ...(despite === undefined ? [] : [`despite ${despite.name} (pid ${despite.pid})`]),
    ...(now ? ["without a second look"] : []),
  ];
  return words.length === 0 ? undefined : words.join(", ");
}

/**
 * Reaps the chosen entries now, without grace, but only where the holder is provably gone. The same judges and the
 * same hands as in a sweep; nothing is remembered for the next one, which has rules of its own.
 */
export async function reapChosen(host: Host, options: ReapOptions): Promise<Reaped> {
  const { exitObserved, word } = options;
  const isOwner = options.callers.size > 0;
  const policy = { ...options.policy, anyAge: true, ownersWord: isOwner, now: exitObserved || word.now, despite: word.despite };
  const pass = startPass(host, { ...options, policy });
  const { refusal, registries, unread } = await examine(pass, { lookAnyway: true });
  const chosen = bestFitting(registries, options);
  options.accept(
    chosen.flatMap(({ examined, byIndex, fit }) => {
      const notOwner = isOwner ? notOwnerReason(host, examined) : undefined;
      const { path: registry, format } = examined.loaded.target;
      return [...byIndex.values()].map(({ entry: { key } }) => ({ registry, format: format.name, key, fit, notOwner }));
    }),
  );
  const entries: EntryReport[] = [];
  for (const { examined, byIndex } of chosen) {
    const judged = new Map([...byIndex].map(([index, one]) => [index, chosenEntry(pass, examined, one, options)]));
    const selection: Selection = {
      indexesOf: (...intents) => [...judged].flatMap(([index, { intent }]) => (intents.includes(intent) ? [index] : [])),
      at: (index) => judged.get(index) ?? examined.entries.at(index),
    };
    const outcomes = refusal === undefined ? await carryOutIn(pass, examined, selection) : new Map();
    const reports = reportsOf(examined, judged.values(), outcomes, { registryIndex: undefined, isRemembered: false, choice: undefined });
    for (const report of reports) entries.push(report);
  }
  const done = entries.filter(({ action }) => isChange(action));
  const said = wordsOf(word, isOwner);
  const line = { sweepId: pass.id, at: pass.startedAt, command: options.command, ...(said !== undefined && { word: said }) };
  const unrecorded = await unkept("its history", () => recordHistory(host, line, done, done.length));
  return {
    unrecorded,
    entries,
    refusal,
    keys: registries.flatMap(({ loaded }) => keysOf(loaded.entries)),
    unread: unread
      .filter(({ state, target }) => state !== "missing" || target.named)
      .map(({ target, problem }) => `${target.path} ${problem}`),
  };
}
