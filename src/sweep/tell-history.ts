import type { HistoryLine } from "../host/history.ts";
import type { Host } from "../host/host.ts";
import { isDeed, type EntryReport } from "../report/model.ts";

/** So many entries of one sweep are told in the history: it is read by people, and kept small. */
const toldAtMost = 10_000;

/** Only what did something, or failed to, goes into the history: a quiet timer would bury it. */
export function recordHistory(host: Host, sweepId: string, at: string, command: string, acts: Iterable<EntryReport>, count: number): void {
  if (count === 0) return;
  const entries: HistoryLine["entries"][number][] = [];
  for (const { registry, key, action, reason, tombstone } of acts) {
    if (!isDeed(action)) continue;
    if (entries.length === toldAtMost) break;
    entries.push({ registry, key, action, reason, tombstone: tombstone ?? undefined });
  }
  const more = count - entries.length;
  host.store.appendHistory({ sweepId, at, command, entries, ...(more > 0 && { more }) });
}
