import { isChange, writingIntents } from "../core/plan/actions.ts";
import type { HistoryLine } from "../host/state/history.ts";
import type { Host } from "../host/host.ts";
import type { EntryReport } from "../report/model/sweep.ts";
import type { ExaminedRegistry } from "./judge/examined.ts";
import type { Outcomes } from "./apply/outcome.ts";

/** The history keeps at most this many entries of one sweep; two large sweeps would push all others out of its file. */
const maxHistoryEntries = 1000;

/** What was done with an entry; `tombstone` is the one that keeps it, or from which it was put back. */
export type Change = Pick<EntryReport, "registry" | "key" | "reason" | "tombstone"> & {
  readonly action: EntryReport["action"] | "restored";
};

/** What was done in one registry, without judging entries again. */
export function* changesIn({ loaded, entries }: ExaminedRegistry, outcomes: Outcomes): Generator<Change, undefined> {
  for (const index of entries.indexesOf(...writingIntents)) {
    const key = loaded.entries.keyAt(index);
    const outcome = outcomes.get(key);
    if (outcome === undefined || !isChange(outcome.action)) continue;
    const { reason } = entries.at(index).judgement;
    yield { registry: loaded.target.path, key, action: outcome.action, reason, tombstone: outcome.tombstone ?? null };
  }
}

/** Writes a line only if entries were changed or a change failed: the lines of a quiet timer would hide the others. */
export function recordHistory(
  host: Host,
  act: Pick<HistoryLine, "sweepId" | "at" | "command" | "word">,
  changes: Iterable<Change>,
  count: number,
): void {
  if (count === 0) return;
  const entries: HistoryLine["entries"][number][] = [];
  for (const { registry, key, action, reason, tombstone } of changes) {
    if (action !== "restored" && !isChange(action)) continue;
    if (entries.length === maxHistoryEntries) break;
    entries.push({ registry, key, action, reason, tombstone: tombstone ?? undefined });
  }
  const more = count - entries.length;
  host.store.appendHistory({ ...act, entries, ...(more > 0 && { more }) });
}
