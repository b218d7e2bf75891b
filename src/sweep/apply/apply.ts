import { writingIntents, type Intent } from "../../core/actions.ts";
import type { Host } from "../../host/host.ts";
import type { Examination } from "../examine.ts";
import type { ExaminedRegistry, ExaminedEntries, ExaminedEntry } from "../judge/examined.ts";
import { takeOverLocks } from "./take-over.ts";
import { lastLookRequest, lookAgain } from "./last-look.ts";
import { recordAll, stopped, notDone, type TombstoneWriter, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";
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
export async function carryOutIn(
  host: Host,
  examination: Examination,
  examined: ExaminedRegistry,
  selection: Selection,
  tombstones: TombstoneWriter,
  around: Surroundings,
): Promise<Outcomes> {
  const { stop } = around;
  const outcomes = new Map<string, Outcome>();
  if (stop.signal !== undefined) {
    recordAll(outcomes, eachOf(selection, ...writingIntents), notDone("skipped", stopped));
    return outcomes;
  }
  const rows = await releaseRows(host, examination, examined, [...eachOf(selection, "stamp")], tombstones, around);
  const { loaded } = examined;
  const reaped =
    loaded.kind === "members"
      ? await reapMembers(
          host,
          examination,
          examined,
          loaded,
          { condemned: selection.indexesOf("reap"), at: selection.at },
          tombstones,
          around,
        )
      : await reapFiles(host, examination, examined, eachOf(selection, "reap"), tombstones, around);
  const [release, toTakeOver] = [[...eachOf(selection, "release")], [...eachOf(selection, "take-over")]];
  if (rows.size + release.length + toTakeOver.length === 0) return reaped;
  for (const one of release) outcomes.set(one.entry.key, await releaseIn(host, examination, examined, one, around));
  const takenOver = await takeOverLocks(host, examination, examined, toTakeOver, tombstones, stop);
  return new Map([...reaped, ...outcomes, ...takenOver, ...rows]);
}

/** Commands take their time, so each entry is looked at once more before its own is run, and a signal is heard before it. */
async function releaseIn(
  host: Host,
  examination: Examination,
  examined: ExaminedRegistry,
  one: ExaminedEntry,
  around: Surroundings,
): Promise<Outcome> {
  if (around.stop.signal !== undefined) return notDone("skipped", stopped);
  const { dead } = await lookAgain(host, examination, examined, lastLookRequest([one]), around);
  return dead.has(one.entry.key) ? releaseEntry(host, examined.loaded, one) : notDone("skipped", "it came back to life");
}
