import type { Host } from "../host/host.ts";
import type { Examination } from "./examine.ts";
import type { Examined, ExaminedEntry } from "./examined.ts";
import { healLocks } from "./heal.ts";
import { lookAgain } from "./last-look.ts";
import { settleAll, stopped, undone, type Grave, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";
import { reapFiles } from "./reap-files.ts";
import { reapMembers } from "./reap-members.ts";
import { releaseRows } from "./release-rows.ts";
import { releaseEntry } from "./release.ts";

type Aside = { readonly release: ExaminedEntry[]; readonly heal: ExaminedEntry[] };

/** Passes on those that are to be reaped, and puts aside what else is to be done. */
function* toReap(meant: Iterable<ExaminedEntry>, { release, heal }: Aside): Generator<ExaminedEntry, undefined> {
  for (const one of meant) {
    if (one.intent === "reap") yield one;
    else if (one.intent === "release") release.push(one);
    else if (one.intent === "heal") heal.push(one);
  }
}

/**
 * Does in one registry what is meant there. Rows that are released and stay come first: the reaping reads the file anew
 * when it has changed, and they would not.
 */
export async function carryOutIn(
  host: Host,
  examination: Examination,
  examined: Examined,
  meant: () => Iterable<ExaminedEntry>,
  grave: Grave,
  around: Surroundings,
): Promise<Outcomes> {
  const { stop } = around;
  const { intents } = examined.entries;
  const outcomes = new Map<string, Outcome>();
  if (stop.signal !== undefined) {
    const acting = [...meant()].filter(({ intent }) => intent !== "wait" && intent !== "withhold" && intent !== "keep");
    settleAll(outcomes, acting, undone("skipped", stopped));
    return outcomes;
  }
  const superseded = intents.supersede === 0 ? [] : [...meant()].filter(({ intent }) => intent === "supersede");
  const rows = await releaseRows(host, examination, examined, superseded, grave, around);
  const aside: Aside = { release: [], heal: [] };
  const reapAll = examined.loaded.kind === "members" ? reapMembers : reapFiles;
  const reaped = await reapAll(host, examination, examined, toReap(meant(), aside), grave, around);
  if (rows.size + aside.release.length + aside.heal.length === 0) return reaped;
  for (const one of aside.release) outcomes.set(one.entry.key, await releaseIn(host, examination, examined, one, around));
  const healed = await healLocks(host, examination, examined, aside.heal, grave, stop);
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
  const { dead } = await lookAgain(host, examination, examined, [one], around);
  return dead.has(one.entry.key) ? releaseEntry(host, examined.loaded, one) : undone("skipped", "it came back to life");
}
