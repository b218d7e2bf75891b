import { actionNames, actions, isChange, type Level } from "../core/plan/actions.ts";
import type { Posture } from "./guards.ts";
import type { Guard } from "./model/guards.ts";
import type { EntryReport, SweepReport } from "./model/sweep.ts";
import { countActions } from "./tally.ts";
import { visible } from "./visible.ts";

/** One line for the journal. One with a `state` lasts from sweep to sweep, and is said when it begins. */
export type JournalEvent = { readonly level: Level; readonly text: string; readonly state: string | undefined };

function entryEvent({ registry, key, action, reason, detail }: EntryReport): readonly JournalEvent[] {
  const { level } = actions[action];
  if (level === undefined) return [];
  const text = `${action} ${visible(key)} of ${visible(registry)}: ${reason}: ${visible(detail)}`;
  return [{ level, text, state: isChange(action) ? undefined : [registry, key, action, reason].join("\0") }];
}

/** More entries than this are not reported one by one: the first sweep of a machine can find a hundred thousand. */
const maxJournalEntries = 1000;

function entryEvents({ notable, tallies }: SweepReport): readonly JournalEvent[] {
  const events: JournalEvent[] = [];
  for (const entry of notable) {
    if (events.length === maxJournalEntries) break;
    events.push(...entryEvent(entry));
  }
  const reported = actionNames.filter((action) => actions[action].level !== undefined);
  const all = reported.reduce((sum, action) => sum + countActions(tallies, action), 0);
  const more = all - events.length;
  if (more > 0) events.push({ level: 5, text: `and ${more} more entries, which are not told here one by one`, state: `more\0${more}` });
  return events;
}

/** What made the run fail is said each time: systemd logs each failure, and a failure without a reason is none. */
function guardEvent({ guard, name, posture, cause, detail }: Guard, failed: boolean): readonly JournalEvent[] {
  if (posture === "on") return [];
  const text = `${guard} ${visible(name)} is ${posture}: ${cause}: ${visible(detail)}`;
  if (failed && posture === "blind") return [{ level: 3, text, state: undefined }];
  return [{ level: 4, text, state: [guard, name, posture, cause].join("\0") }];
}

export function journalEvents(report: SweepReport, guards: readonly Guard[]): readonly JournalEvent[] {
  const failed = report.exitCode !== 0;
  return [
    ...guards.flatMap((guard) => guardEvent(guard, failed)),
    ...report.warnings.map((warning): JournalEvent => ({ level: 4, text: visible(warning), state: `warning\0${warning}` })),
    ...entryEvents(report),
  ];
}

export function statesOf(events: readonly JournalEvent[]): readonly string[] {
  return events.flatMap(({ state }) => state ?? []);
}

export function journalLine(level: Level, text: string): string {
  return `<${level}>${text}`;
}

/** Lines for the journal: changes always, states when they are new, the posture when it has changed. */
export function journalLines(
  events: readonly JournalEvent[],
  before: { readonly said: readonly string[]; readonly posture: Posture } | undefined,
  posture: Posture,
): readonly string[] {
  const said = new Set(before?.said);
  const lines = events.filter(({ state }) => state === undefined || !said.has(state)).map(({ level, text }) => journalLine(level, text));
  const changed = before !== undefined && before.posture !== posture;
  return changed ? [...lines, journalLine(posture === "on" ? 5 : 4, `posture is ${posture}, was ${before.posture}`)] : lines;
}
