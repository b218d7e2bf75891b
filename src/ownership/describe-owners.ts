import { agentOf, baseName } from "../core/agents/agents.ts";
import type { Ownership } from "../core/harnesses/ownership.ts";
import type { ProcessRow } from "../core/agents/process-tree.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { HarnessReport, OwnersReport, ProcessReport } from "../report/model/owners.ts";

export function describeProcess(host: LookingHost, row: ProcessRow, agent: string): ProcessReport {
  const { bootMs } = host.clock();
  const { cwd, terminal, memoryBytes, ageMs } = host.detailsOf(row, bootMs.seen ? bootMs.value : undefined);
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

/** Ownership as it is reported, with what the host tells of each process now. */
export function describeOwners(
  host: LookingHost,
  { sessions, unattributed }: Ownership,
): Pick<OwnersReport, "sessions" | "unattributed" | "summary"> {
  const described = sessions.map(({ sessionId, harnesses }) => ({
    sessionId,
    duplicate: harnesses.length > 1,
    harnesses: harnesses.map(({ agent, members, hosts, signs, children, helpers, doubts, possible }): HarnessReport => ({
      agent,
      possible: possible ?? null,
      processes: members.map((row) => describeProcess(host, row, agent)),
      hosts: hosts.map((row) => describeProcess(host, row, agentOf(row.argv) ?? baseName(row.argv[0] ?? ""))),
      signs,
      children: children.map((child) => ({
        ...describeProcess(host, child.process, child.agent),
        via: child.via,
        stays: child.stays ?? null,
      })),
      helpers: helpers.map(({ pid }) => pid),
      doubts,
    })),
  }));
  return {
    sessions: described,
    unattributed: unattributed.map(({ process, agent, why }) => ({ process: describeProcess(host, process, agent), why })),
    summary: {
      sessions: described.length,
      harnesses: described.reduce((sum, { harnesses }) => sum + harnesses.length, 0),
      duplicates: described.filter(({ duplicate }) => duplicate).length,
    },
  };
}
