import { writingIntents, type Intent } from "../../core/actions.ts";
import type { Pass } from "../pass.ts";
import type { ExaminedRegistry, ExaminedEntries, ExaminedEntry } from "../judge/examined.ts";
import { takeOverLocks } from "./take-over.ts";
import { lastLookRequest, lastLook } from "./last-look.ts";
import { recordAll, stopped, notDone, type Outcome, type Outcomes } from "./outcome.ts";
import { reapFiles } from "./reap-files.ts";
import { reapMembers } from "./reap-members.ts";
import { releaseRows } from "./release-rows.ts";
import { releaseEntry } from "./owner-release.ts";

/** Which entries a pass acts on, by intent. */
export type Selection = Pick<ExaminedEntries, "indexesOf" | "at">;

/** Of the entries that are to be reaped no list is made: there can be a million of them. */
function* eachOf({ indexesOf, at }: Selection, ...intents: readonly Intent[]): Generator<ExaminedEntry, undefined> {
  for (const index of indexesOf(...intents)) yield at(index);
}

/**
 * Carries out the intents of one registry. Rows that are released and stay come first: the reaping reads the file anew
 * when it has changed, and they would not.
 */
export async function carryOutIn(pass: Pass, examined: ExaminedRegistry, selection: Selection): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  if (pass.stop.signal !== undefined) {
    recordAll(outcomes, eachOf(selection, ...writingIntents), notDone("skipped", stopped));
    return outcomes;
  }
  const rows = await releaseRows(pass, examined, [...eachOf(selection, "stamp")]);
  const { loaded } = examined;
  const reaped =
    loaded.kind === "members"
      ? await reapMembers(pass, { ...examined, loaded }, { condemned: selection.indexesOf("reap"), at: selection.at })
      : await reapFiles(pass, { ...examined, loaded }, eachOf(selection, "reap"));
  const [release, toTakeOver] = [[...eachOf(selection, "release")], [...eachOf(selection, "take-over")]];
  if (rows.size + release.length + toTakeOver.length === 0) return reaped;
  for (const one of release) outcomes.set(one.entry.key, await releaseIn(pass, examined, one));
  const takenOver = await takeOverLocks(pass, examined, toTakeOver);
  return new Map([...reaped, ...outcomes, ...takenOver, ...rows]);
}

/** Commands take their time, so each entry is looked at once more before its own is run, and a signal is heard before it. */
async function releaseIn(pass: Pass, examined: ExaminedRegistry, one: ExaminedEntry): Promise<Outcome> {
  if (pass.stop.signal !== undefined) return notDone("skipped", stopped);
  const { dead } = await lastLook(pass, examined, lastLookRequest([one]));
  return dead.has(one.entry.key) ? releaseEntry(pass.host, examined.loaded, one) : notDone("skipped", "it came back to life");
}
