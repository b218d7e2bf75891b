import { isChange } from "../core/plan/actions.ts";
import { isLastResort } from "../core/ladder.ts";
import type { Host } from "../host/host.ts";
import type { EntryReport } from "../report/model/sweep.ts";
import { examine, type ExamineOptions } from "./examine.ts";
import type { ExaminedRegistry, ExaminedEntry } from "./judge/examined.ts";
import { keysOf } from "./load/loaded.ts";
import { reportsOf } from "./reports.ts";
import { carryOutIn } from "./apply/apply.ts";
import type { Selection } from "./apply/outcome.ts";
import { startPass } from "./pass.ts";
import { recordHistory } from "./history.ts";

export type ReapOptions = ExamineOptions & {
  /** The name under which the act goes into the history. */
  readonly command: string;
  readonly wanted: (entry: ExaminedEntry) => boolean;
  /** The holder was seen to end by who asks, so that what rests on absence needs no second look. */
  readonly exitObserved: boolean;
};

export type Reaped = {
  readonly entries: readonly EntryReport[];
  readonly refusal: string | undefined;
  /** Keys of everything that was read, for who mistyped one. */
  readonly keys: readonly string[];
  readonly unread: readonly string[];
};

/** Silence proves nothing of a holder, and neither does absence unless the caller saw it end. */
function isProven({ judgement, intent }: ExaminedEntry, exitObserved: boolean): boolean {
  if (intent !== "reap" && intent !== "mark" && intent !== "release") return false;
  if (isLastResort(judgement)) return false;
  return judgement.certain || exitObserved;
}

/** The chosen entries of one registry, by where they stand. One that is not proven dead stays. */
function chosenIn({ entries }: ExaminedRegistry, { wanted, exitObserved }: ReapOptions): ReadonlyMap<number, ExaminedEntry> {
  const chosen = new Map<number, ExaminedEntry>();
  for (const [index, one] of [...entries].entries()) {
    if (!wanted(one)) continue;
    chosen.set(index, isProven(one, exitObserved) || one.intent === "withhold" ? one : { ...one, intent: "keep" });
  }
  return chosen;
}

/**
 * Reaps the chosen entries now, without grace, but only where the holder is provably gone. The same judges and the
 * same hands as in a sweep; nothing is remembered for the next one, which has rules of its own.
 */
export async function reapChosen(host: Host, options: ReapOptions): Promise<Reaped> {
  const policy = { ...options.policy, graceMs: 0, now: options.exitObserved };
  const pass = startPass(host, { ...options, policy });
  const { refusal, registries, unread } = await examine(pass, { lookAnyway: true });
  const entries: EntryReport[] = [];
  for (const examined of registries) {
    const chosen = chosenIn(examined, options);
    const selection: Selection = {
      indexesOf: (...intents) => [...chosen].flatMap(([index, { intent }]) => (intents.includes(intent) ? [index] : [])),
      at: (index) => chosen.get(index) ?? examined.entries.at(index),
    };
    const outcomes = refusal === undefined ? await carryOutIn(pass, examined, selection) : new Map();
    entries.push(...reportsOf(examined, chosen.values(), outcomes));
  }
  const done = entries.filter(({ action }) => isChange(action));
  recordHistory(host, { sweepId: pass.id, at: pass.startedAt, command: options.command }, done, done.length);
  return {
    entries,
    refusal,
    keys: registries.flatMap(({ loaded }) => keysOf(loaded.entries)),
    unread: unread
      .filter(({ state, target }) => state !== "missing" || target.named)
      .map(({ target, problem }) => `${target.path} ${problem}`),
  };
}
