import { formatMessage } from "../answer.ts";
import type { Observed, ProcessTable } from "../evidence.ts";
import type { Judgement } from "../ladder.ts";
import { canonicalSession, type Registration } from "../registration.ts";

/** One judged entry, as far as a mismatch of sessions shows in it. */
export type MismatchRow = {
  readonly claim: Registration;
  readonly judgement: Judgement;
  /** Its registry is written by the holders themselves. */
  readonly authoritative: boolean;
  /** How the entry is named to a person. */
  readonly where: string;
};

/** The other session under which the same process is registered, and who says so. */
export type SessionMismatch = { readonly sessionId: string; readonly where: string };

/** The process that an entry means, if it runs: only a start token tells it from others that have had its pid. */
function runningProcess({ pid, startTicks }: Registration, { pids }: ProcessTable): string | undefined {
  const observation = pid === undefined ? undefined : pids.get(pid);
  if (observation === undefined || !observation.seen || observation.value.kind === "gone" || !observation.value.startTicks.seen)
    return undefined;
  return observation.value.startTicks.value === startTicks ? `${pid} ${startTicks}` : undefined;
}

/**
 * Entries that name one session for a process of which an authoritative registry names another: rows that drifted, and
 * whose heartbeat stays fresh for as long as the process lives. Either row may be the wrong one (Claude's own id has
 * been seen stale after `/clear`), so this is reported and condemns nothing.
 */
export function findMismatches<T extends MismatchRow>(rows: readonly T[], table: Observed<ProcessTable>): ReadonlyMap<T, SessionMismatch> {
  const mismatches = new Map<T, SessionMismatch>();
  if (!table.seen || !rows.some(({ authoritative }) => authoritative)) return mismatches;
  const authorities = new Map<string, SessionMismatch>();
  for (const { authoritative, claim, where } of rows) {
    const process = authoritative ? runningProcess(claim, table.value) : undefined;
    if (process !== undefined && claim.sessionId !== undefined) authorities.set(process, { sessionId: claim.sessionId, where });
  }
  for (const row of rows) {
    const { sessionId } = row.claim;
    if (row.authoritative || row.judgement.verdict === "ghost" || sessionId === undefined) continue;
    const other = authorities.get(runningProcess(row.claim, table.value) ?? "");
    if (other !== undefined && canonicalSession(other.sessionId) !== canonicalSession(sessionId)) mismatches.set(row, other);
  }
  return mismatches;
}

/** Returns the row's detail with the session that the other registry names; both ids are in it. */
export function mismatchMessage({ claim, judgement }: MismatchRow, { sessionId, where }: SessionMismatch): string {
  return `${formatMessage(judgement.detail)}; a phantom: it says session ${claim.sessionId}, ${where} says ${sessionId} of the same process`;
}
