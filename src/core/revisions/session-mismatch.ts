import { formatMessage } from "../answer.ts";
import type { Observed, ProcessTable } from "../evidence.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import { noQuestions, type JudgedRow, type Revision } from "./revision.ts";

/** One judged entry, as far as a mismatch of sessions shows in it. */
export type MismatchRow = Pick<JudgedRow, "claim" | "judgement" | "authoritative" | "where">;

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

function mismatchDetail({ claim }: MismatchRow, { sessionId, where }: SessionMismatch): string {
  return `a phantom: it says session ${claim.sessionId}, ${where} says ${sessionId} of the same process`;
}

/** Returns the row's detail with the session that the other registry names; both ids are in it. */
export function mismatchMessage(row: MismatchRow, mismatch: SessionMismatch): string {
  return `${formatMessage(row.judgement.detail)}; ${mismatchDetail(row, mismatch)}`;
}

/** The process that a claim names, if it names one so that it can be known again. */
function namedProcess({ pid, startTicks }: Registration): string | undefined {
  return pid === undefined || startTicks === undefined ? undefined : `${pid} ${startTicks}`;
}

export const sessionMismatch: Revision = {
  name: "session-mismatch",
  rule: "A row that names another session for its process than the process's own registry is reported, and stays.",
  candidates: (registries) => {
    const authorities = new Map<string | undefined, JudgedRow>();
    const withPids = registries.filter(({ recordsPids }) => recordsPids);
    for (const { rows } of withPids.filter(({ authoritative }) => authoritative))
      for (const row of rows()) if (row.claim.sessionId !== undefined) authorities.set(namedProcess(row.claim), row);
    authorities.delete(undefined);
    const candidates = [];
    for (const { rows } of authorities.size === 0 ? [] : withPids.filter(({ authoritative }) => !authoritative)) {
      for (const row of rows()) {
        const other = authorities.get(namedProcess(row.claim));
        if (other !== undefined) candidates.push({ row, other });
      }
    }
    return { candidates, flapping: [] };
  },
  asks: () => noQuestions,
  revise: ({ row, other }, { scene }) => {
    const mismatch = other && findMismatches([other, row], scene.evidence.processes).get(row);
    if (mismatch === undefined) return undefined;
    const judgement = { ...row.judgement, detail: mismatchMessage(row, mismatch) };
    return { judgement, detail: mismatchDetail(row, mismatch), change: undefined, noted: { phantomOf: mismatch.sessionId } };
  },
};
