import { worstPosture } from "../report/guards.ts";
import type { Guard } from "../report/model/guards.ts";
import { journalEvents, journalLine, journalLines } from "../report/journal.ts";
import type { LastRun } from "../report/model/last-run.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import { visible } from "../report/visible.ts";
import { writeLines, type Output } from "./output.ts";

export type ForJournal = {
  readonly report: SweepReport;
  readonly guards: readonly Guard[];
  readonly before: LastRun | undefined;
  /** What could not be recorded. */
  readonly notes: readonly string[];
};

/** For the journal: one line an event, and nothing when there is nothing to say. */
export async function reportToJournal(stdout: Output, { report, guards, before, notes }: ForJournal): Promise<void> {
  const lines = journalLines(journalEvents(report, guards), before, worstPosture(guards));
  await writeLines(stdout, [...lines, ...notes.map((line) => journalLine(4, visible(line)))]);
}
