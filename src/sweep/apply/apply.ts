import type { Intent } from "../../core/plan.ts";
import type { Host } from "../../host/host.ts";
import type { Examination } from "../examine.ts";
import type { Examined, ExaminedEntries, ExaminedEntry } from "../judge/examined.ts";
import { healLocks } from "./take-over.ts";
import { condemnedOf, lookAgain } from "./last-look.ts";
import { acts, settleAll, stopped, undone, type TombstoneWriter, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";
import { reapFiles } from "./reap-files.ts";
import { reapMembers } from "./reap-members.ts";
import { releaseRows } from "./release-rows.ts";
import { releaseEntry } from "./owner-release.ts";

/** What is meant with which entries. */
export type Meant = Pick<ExaminedEntries, "indexesOf" | "at">;

/** Of the entries that are to be reaped no list is made: there can be a million of them. */
function* eachOf({ indexesOf, at }: Meant, ...intents: readonly Intent[]): Generator<ExaminedEntry, undefined> {
  for (const index of indexesOf(...intents)) yield at(index);
}

/**
 * Does in one registry what is meant there. Rows that are released and stay come first: the reaping reads the file anew
 * when it has changed, and they would not.
 */
export async function carryOutIn(
  host: Host,
  examination: Examination,
  examined: Examined,
  meant: Meant,
  tombstones: TombstoneWriter,
  around: Surroundings,
): Promise<Outcomes> {
  const { stop } = around;
  const outcomes = new Map<string, Outcome>();
  if (stop.signal !== undefined) {
    settleAll(outcomes, eachOf(meant, ...acts), undone("skipped", stopped));
    return outcomes;
  }
  const rows = await releaseRows(host, examination, examined, [...eachOf(meant, "supersede")], tombstones, around);
  const { loaded } = examined;
  const reaped =
    loaded.kind === "members"
      ? await reapMembers(host, examination, examined, loaded, { condemned: meant.indexesOf("reap"), at: meant.at }, tombstones, around)
      : await reapFiles(host, examination, examined, eachOf(meant, "reap"), tombstones, around);
  const [release, heal] = [[...eachOf(meant, "release")], [...eachOf(meant, "heal")]];
  if (rows.size + release.length + heal.length === 0) return reaped;
  for (const one of release) outcomes.set(one.entry.key, await releaseIn(host, examination, examined, one, around));
  const healed = await healLocks(host, examination, examined, heal, tombstones, stop);
  return new Map([...reaped, ...outcomes, ...healed, ...rows]);
}

/** Commands take their time, so each entry is looked at once more before its own is run, and a signal is heard before it. */
async function releaseIn(
  host: Host,
  examination: Examination,
  examined: Examined,
  one: ExaminedEntry,
  around: Surroundings,
): Promise<Outcome> {
  if (around.stop.signal !== undefined) return undone("skipped", stopped);
  const { dead } = await lookAgain(host, examination, examined, condemnedOf([one]), around);
  return dead.has(one.entry.key) ? releaseEntry(host, examined.loaded, one) : undone("skipped", "it came back to life");
}
