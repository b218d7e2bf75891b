import { writingIntents, type Intent } from "../../core/plan/actions.ts";
import type { Change } from "../../core/plan/plan.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import { loadRegistry } from "../load/load.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";
import type { Pass } from "../pass.ts";
import { changeFiles } from "./change-files.ts";
import { changeMembers } from "./change-members.ts";
import { changeRows } from "./change-rows.ts";
import { lastLook } from "./last-look.ts";
import { cameBack, changedSince, notDone, stopped, type Outcome, type Outcomes, type Selection } from "./outcome.ts";
import { releaseEntry } from "./owner-release.ts";

function* eachOf({ indexesOf, at }: Selection, ...intents: readonly Intent[]): Generator<ExaminedEntry, undefined> {
  for (const index of indexesOf(...intents)) yield at(index);
}

/** Stamping comes first: the reaping reads the file anew when it has changed. */
const changes: readonly Change[] = ["stamp", "mark", "reap", "take-over"];

/** Carries out the intents of one registry. */
export async function carryOutIn(pass: Pass, examined: ExaminedRegistry, selection: Selection): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  if (pass.stop.signal !== undefined) {
    for (const { entry } of eachOf(selection, ...writingIntents)) outcomes.set(entry.key, stopped);
    return outcomes;
  }
  const { loaded } = examined;
  for (const kind of changes) {
    if (loaded.kind === "members") await changeMembers(pass, { ...examined, loaded }, kind, selection, outcomes);
    else if (loaded.kind === "files") await changeFiles(pass, { ...examined, loaded }, kind, selection, outcomes);
    else await changeRows(pass, { ...examined, loaded }, kind, selection, outcomes);
  }
  for (const one of eachOf(selection, "release")) outcomes.set(one.entry.key, await releaseIn(pass, examined, one));
  return outcomes;
}

/** Whether the entry is still the judged one: its owner may have given its key to a new session. */
async function isAsJudged({ host }: Pass, { target }: ReadRegistry, { key, claim }: Entry): Promise<boolean> {
  const now = await loadRegistry(host, target);
  const there = now.state === "read" ? [...now.entries].find((one) => one.key === key)?.claim : undefined;
  return claim.ok && there?.ok === true && there.identityText() === claim.identityText();
}

/**
 * Commands take their time, so each entry is looked at once more before its own is run, and a signal is heard before it.
 * A command removes what has the key: right before it the registry is read again.
 */
async function releaseIn(pass: Pass, examined: ExaminedRegistry, one: ExaminedEntry): Promise<Outcome> {
  if (pass.stop.signal !== undefined) return stopped;
  const { back } = await lastLook(pass, examined, [one.entry]);
  if (back.size > 0) return notDone("skipped", cameBack);
  return (await isAsJudged(pass, examined.loaded, one.entry)) ? releaseEntry(pass.host, examined.loaded, one) : changedSince;
}
