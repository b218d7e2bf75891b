import { summarize, type EntryReport, type RegistryReport, type SweepReport } from "../../src/report/model.ts";

export const path = "/srv/bridge/registrations.json";

export const registry = (more: Partial<RegistryReport> = {}): RegistryReport => ({
  format: "llmmsg-bridge",
  path,
  state: "swept",
  owner: { up: false, pids: [] },
  registrations: 1,
  problem: null,
  ...more,
});

export const entry = (more: Partial<EntryReport> = {}): EntryReport => ({
  registry: path,
  format: "llmmsg-bridge",
  key: "mars",
  sessionId: "s1",
  verdict: "live",
  rung: "attached-process",
  reason: "attached-cli",
  detail: "codex (pid 7) names the session",
  ageMs: 1,
  action: "kept",
  tombstone: null,
  phantomOf: null,
  ...more,
});

export const ghost = (more: Partial<EntryReport> = {}): EntryReport =>
  entry({ verdict: "ghost", reason: "pid-gone", detail: "pid 7 is gone", action: "reaped", ...more });

export function report(more: Partial<SweepReport> = {}): SweepReport {
  const entries = more.entries ?? [];
  return {
    schema: 1,
    command: "sweep",
    dryRun: false,
    sweepId: "20261120T150000Z-3f2a",
    startedAt: "2026-11-20T15:00:00.000Z",
    durationMs: 41,
    host: { hostname: "venus", bootId: null },
    registries: [registry()],
    entries,
    summary: summarize(entries),
    refusal: null,
    looks: [],
    warnings: [],
    exitCode: 0,
    ...more,
  };
}
