import type { Ownership } from "../core/agents/ownership.ts";
import type { ProcessRow } from "../core/agents/process-tree.ts";
import { detailsOf } from "../host/processes/process-details.ts";
import type { HarnessReport, OwnersReport, ProcessReport } from "../report/owners-model.ts";

export function describeProcess(row: ProcessRow, agent: string, bootMs: number | undefined): ProcessReport {
  const { cwd, terminal, memoryBytes, ageMs } = detailsOf(row, bootMs);
  return {
    pid: row.pid,
    startTicks: row.startTicks,
    agent,
    ageMs: ageMs ?? null,
    terminal: terminal ?? null,
    memoryBytes: memoryBytes ?? null,
    cwd: cwd ?? null,
  };
}

/** Ownership as it is reported, with what `/proc` tells of each process now. */
export function describeOwners(
  { sessions, unattributed }: Ownership,
  bootMs: number | undefined,
): Pick<OwnersReport, "sessions" | "unattributed" | "summary"> {
  const described = sessions.map(({ sessionId, harnesses }) => ({
    sessionId,
    duplicate: harnesses.length > 1,
    harnesses: harnesses.map(({ agent, members, signs, children, helpers, doubts }): HarnessReport => ({
      agent,
      processes: members.map((row) => describeProcess(row, agent, bootMs)),
      signs,
      children: children.map((child) => ({ ...describeProcess(child.process, child.agent, bootMs), via: child.via })),
      helpers: helpers.map(({ pid }) => pid),
      doubts,
    })),
  }));
  return {
    sessions: described,
    unattributed: unattributed.map(({ process, agent, why }) => ({ process: describeProcess(process, agent, bootMs), why })),
    summary: {
      sessions: described.length,
      harnesses: described.reduce((sum, { harnesses }) => sum + harnesses.length, 0),
      duplicates: described.filter(({ duplicate }) => duplicate).length,
    },
  };
}
