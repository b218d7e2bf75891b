import { sweepOf } from "../../core/tombstone.ts";
import type { EntryReport, SweepReport } from "../../report/model/sweep.ts";
import type { Remark } from "../../report/listing/beside.ts";
import { shortSweepId } from "../../report/listing/sweep-names.ts";
import type { Signs } from "../../report/screen/screen.ts";
import { command } from "../../report/screen/wrap.ts";
import { tombstoneLimits, tombstonedSweeps, tombstoneBytes } from "../../host/state/tombstones.ts";
import { clockTimes } from "./times.ts";

/** Until when what a sweep took now can be put back. */
function keptUntil(stateDir: string, nowMs: number): string {
  const isCrowded = tombstoneBytes(stateDir) > tombstoneLimits.bytes / 2;
  return isCrowded ? "for a day at least" : `until ${clockTimes.day(nowMs + tombstoneLimits.ageMs)}`;
}

function undo(sweepId: string, stateDir: string, nowMs: number, { dot }: Signs): Remark {
  const name = shortSweepId(sweepId, tombstonedSweeps(stateDir));
  return { label: "undo", text: [command(`sessreap restore --sweep ${name}`), ` ${dot} kept ${keptUntil(stateDir, nowMs)}`] };
}

/** How to put back what a sweep took, and until when that can be done; nothing where it took nothing. */
export function undoLines({ sweepId, startedAt, notable }: SweepReport, stateDir: string, signs: Signs): readonly Remark[] {
  if (![...notable].some(({ tombstone }) => tombstone !== null)) return [];
  return [undo(sweepId, stateDir, Date.parse(startedAt), signs)];
}

/** The same of entries that were taken together by name. */
export function undoOf(entries: readonly Pick<EntryReport, "tombstone">[], stateDir: string, signs: Signs): readonly Remark[] {
  const taken = entries.find(({ tombstone }) => tombstone !== null)?.tombstone ?? undefined;
  return taken === undefined ? [] : [undo(sweepOf(taken), stateDir, Date.now(), signs)];
}
