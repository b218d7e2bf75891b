import { writingIntents, type Intent } from "../../core/plan/actions.ts";
import type { Change } from "../../core/plan/plan.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import type { Pass } from "../pass.ts";
import { changeFiles } from "./change-files.ts";
import { changeMembers } from "./change-members.ts";
import { lastLook } from "./last-look.ts";
import { cameBack, notDone, stopped, type Outcome, type Outcomes, type Selection } from "./outcome.ts";
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
    await (loaded.kind === "members"
      ? changeMembers(pass, { ...examined, loaded }, kind, selection, outcomes)
      : changeFiles(pass, { ...examined, loaded }, kind, selection, outcomes));
  }
  for (const one of eachOf(selection, "release")) outcomes.set(one.entry.key, await releaseIn(pass, examined, one));
  return outcomes;
}

/** Commands take their time, so each entry is looked at once more before its own is run, and a signal is heard before it. */
async function releaseIn(pass: Pass, examined: ExaminedRegistry, one: ExaminedEntry): Promise<Outcome> {
  if (pass.stop.signal !== undefined) return stopped;
  const { back } = await lastLook(pass, examined, [one.entry]);
  return back.size > 0 ? notDone("skipped", cameBack) : releaseEntry(pass.host, examined.loaded, one);
}
