import type { SweepReport } from "../../report/model/sweep.ts";
import type { Remark } from "../../report/listing/beside.ts";
import { shortSweepId } from "../../report/listing/sweep-names.ts";
import type { Signs } from "../../report/screen/screen.ts";
import { command } from "../../report/screen/wrap.ts";
import { tombstoneLimits, tombstonedSweeps, tombstoneBytes } from "../../host/state/tombstones.ts";
import { clockTimes } from "./times.ts";

/** How to put back what a sweep took, and until when that can be done; nothing where it took nothing. */
export function undoLines({ sweepId, startedAt, notable }: SweepReport, stateDir: string, { dot }: Signs): readonly Remark[] {
  if (![...notable].some(({ tombstone }) => tombstone !== null)) return [];
  const isCrowded = tombstoneBytes(stateDir) > tombstoneLimits.bytes / 2;
  const until = isCrowded ? "for a day at least" : `until ${clockTimes.day(Date.parse(startedAt) + tombstoneLimits.ageMs)}`;
  const name = shortSweepId(sweepId, tombstonedSweeps(stateDir));
  return [{ label: "undo", text: [command(`sessreap restore --sweep ${name}`), ` ${dot} kept ${until}`] }];
}
