import { ghostIntents, intents, noActions, writingIntents, type Action } from "../core/plan/actions.ts";
import { isChosen, type Choice } from "../report/listing/choice.ts";
import type { Outcomes, Selection } from "./apply/outcome.ts";
import type { ExaminedEntry, ExaminedRegistry } from "./judge/examined.ts";
import { namesOf } from "./key-match.ts";

const none: ReadonlySet<string> = new Set();

/** Whether a person wants this entry acted on and shown; each is where nothing was chosen. */
export function isSelected(choice: Choice | undefined, { loaded }: Pick<ExaminedRegistry, "loaded">, one: ExaminedEntry): boolean {
  if (choice === undefined) return true;
  const { entry, judgement } = one;
  const cwd = entry.claim.ok ? entry.claim.registration.cwd : undefined;
  const { ageMs, verdict } = judgement;
  return isChosen(choice, { ...namesOf(entry, loaded.target.format.name), cwd, ageMs, verdict });
}

/** The entries of a registry on which a sweep may act. */
export function selectionIn(examined: ExaminedRegistry, choice: Choice | undefined): Selection {
  const { entries } = examined;
  if (choice === undefined) return entries;
  return {
    at: entries.at,
    indexesOf: (...wanted) => entries.indexesOf(...wanted).filter((index) => isSelected(choice, examined, entries.at(index))),
  };
}

/** The keys of those that a sweep would have changed, had they been chosen: of them it learns nothing. */
export function leftOutIn(examined: ExaminedRegistry, choice: Choice | undefined): ReadonlySet<string> {
  if (choice === undefined) return none;
  const { at, indexesOf } = examined.entries;
  const left = indexesOf(...writingIntents)
    .map(at)
    .filter((one) => !isSelected(choice, examined, one));
  return new Set(left.map(({ entry }) => entry.key));
}

/** What is done in a registry with the entries that were chosen; all others are kept. */
export function chosenActions(examined: ExaminedRegistry, outcomes: Outcomes, choice: Choice): Readonly<Record<Action, number>> {
  const actions: Record<Action, number> = { ...noActions };
  const { at, indexesOf } = selectionIn(examined, choice);
  for (const index of indexesOf(...ghostIntents)) {
    const { entry, intent } = at(index);
    const { planned } = intents[intent];
    actions[outcomes.get(entry.key)?.action ?? planned] += 1;
  }
  const changed = Object.values(actions).reduce((sum, count) => sum + count, 0);
  return { ...actions, kept: examined.entries.length - changed };
}

/** How many ghosts were chosen. */
export function chosenGhosts(registries: readonly ExaminedRegistry[], choice: Choice): number {
  return registries.reduce((sum, examined) => {
    const chosen = [...examined.entries].filter((one) => one.judgement.verdict === "ghost" && isSelected(choice, examined, one));
    return sum + chosen.length;
  }, 0);
}
