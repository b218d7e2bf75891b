import { formatMessage } from "../answer.ts";
import type { Observed, ProcessTable } from "../evidence.ts";
import { tickMs } from "../clocks/ticks.ts";
import { canonicalSession, type Registration } from "../registration.ts";
import type { Scene } from "../scene.ts";
import { noQuestions, type Candidate, type JudgedRegistry, type JudgedRow, type Revision } from "./revision.ts";

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

/** When a process of our time namespace started, in epoch ms, while the clock has not been stepped since. */
function startedMs({ pid }: Registration, { evidence: { processes, clock }, memory }: Scene): number | undefined {
  const observation = processes.seen && pid !== undefined ? processes.value.pids.get(pid) : undefined;
  if (observation?.seen !== true || observation.value.kind === "gone" || !observation.value.ownTime) return undefined;
  const { startTicks } = observation.value;
  if (!startTicks.seen || !clock.wallMs.seen || !clock.bootMs.seen || memory.clockStepped) return undefined;
  return clock.wallMs.value - clock.bootMs.value + Number(startTicks.value) * tickMs;
}

/** A file that records a pid and no start means the process that ran when it was written. */
function isWrittenBy({ claim, writtenMs }: JudgedRow, own: JudgedRow, scene: Scene): boolean {
  const { processes } = scene.evidence;
  if (!processes.seen || claim.pid !== own.claim.pid || runningProcess(own.claim, processes.value) === undefined) return false;
  const started = startedMs(own.claim, scene);
  return started !== undefined && writtenMs !== undefined && writtenMs >= started;
}

const sessionOf = ({ claim: { sessionId } }: JudgedRow): string => canonicalSession(sessionId ?? "");

/** The other session of the process that a row means: by its own start token, by its file's time, or by a row of its session that does. */
function mismatchOf({ row, other, through }: Candidate, scene: Scene): SessionMismatch | undefined {
  if (other?.claim.sessionId === undefined || row.judgement.verdict === "ghost") return undefined;
  const meaning = through ?? row;
  if (sessionOf(meaning) === sessionOf(other) || meaning.judgement.verdict === "ghost") return undefined;
  const byToken = findMismatches([other, meaning], scene.evidence.processes).get(meaning);
  const isMeant = meaning.claim.startTicks === undefined && isWrittenBy(meaning, other, scene);
  return byToken ?? (isMeant ? { sessionId: other.claim.sessionId, where: other.where } : undefined);
}

/** Rows whose holders' own registries name another session, and rows of that session that record no process. */
function candidatesIn(registries: readonly JudgedRegistry[]): readonly Candidate[] {
  const withPids = registries.filter(({ recordsPids }) => recordsPids);
  const authorities = new Map<number, JudgedRow[]>();
  const ownSessions = new Set<string>();
  for (const { rows } of withPids.filter(({ authoritative }) => authoritative))
    for (const row of rows()) {
      const { pid, sessionId } = row.claim;
      if (pid === undefined || sessionId === undefined) continue;
      authorities.set(pid, [...(authorities.get(pid) ?? []), row]);
      ownSessions.add(sessionOf(row));
    }
  if (authorities.size === 0) return [];
  const found: Candidate[] = [];
  for (const { rows } of withPids.filter(({ authoritative }) => !authoritative))
    for (const row of rows())
      for (const other of authorities.get(row.claim.pid ?? 0) ?? []) {
        const isMeant = row.claim.startTicks === undefined ? row.writtenMs !== undefined : row.claim.startTicks === other.claim.startTicks;
        if (isMeant && row.claim.sessionId !== undefined) found.push({ row, other });
      }
  const bySession = new Map(found.map((one) => [sessionOf(one.row), one] as const));
  for (const { rows, authoritative } of bySession.size === 0 ? [] : registries)
    for (const row of authoritative ? [] : rows()) {
      const known = row.claim.pid === undefined && row.claim.sessionId !== undefined ? bySession.get(sessionOf(row)) : undefined;
      if (known !== undefined && !ownSessions.has(sessionOf(row))) found.push({ row, other: known.other, through: known.row });
    }
  return found;
}

export const sessionMismatch: Revision = {
  name: "session-mismatch",
  rule: "A row that names another session for its process than the process's own registry is reported, and stays.",
  candidates: (registries) => ({ candidates: candidatesIn(registries), flapping: [] }),
  asks: () => noQuestions,
  revise: (candidate, { scene }) => {
    const { row } = candidate;
    const mismatch = mismatchOf(candidate, scene);
    if (mismatch === undefined) return undefined;
    const judgement = { ...row.judgement, detail: mismatchMessage(row, mismatch) };
    return { judgement, detail: mismatchDetail(row, mismatch), change: undefined, noted: { phantomOf: mismatch.sessionId } };
  },
};
