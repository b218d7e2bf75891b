import type { EntryReport, RegistryReport, SweepReport } from "../../src/report/model/sweep.ts";
import type { Reason } from "../../src/core/reasons.ts";
import { noActions } from "../../src/core/plan/actions.ts";
import { isCountedReason, noVerdicts, summarize, type Tally } from "../../src/report/tally.ts";

export const path = "/srv/bridge/registrations.json";

export const registry = (more: Partial<RegistryReport> = {}): RegistryReport => ({
  format: "llmmsg-bridge",
  path,
  state: "swept",
  owner: { up: false, pids: [], unknownUnit: null },
  registrations: 1,
  problem: null,
  ...more,
});

export const entry = (more: Partial<EntryReport> = {}): EntryReport => ({
  registry: path,
  registryIndex: 0,
  format: "llmmsg-bridge",
  key: "mars",
  sessionId: "s1",
  identity: null,
  pid: null,
  cwd: null,
  registeredAt: null,
  lastActivityAt: null,
  verdict: "live",
  rung: "attached-process",
  reason: "attached-cli",
  detail: "codex (pid 7) names the session",
  ageMs: 1,
  action: "kept",
  nextLookAt: null,
  selected: true,
  tombstone: null,
  phantomOf: null,
  ...more,
});

export const ghost = (more: Partial<EntryReport> = {}): EntryReport =>
  entry({ verdict: "ghost", reason: "pid-gone", detail: "pid 7 is gone", action: "reaped", ...more });

/** Counts reports that are at hand. */
function tallyOf(entries: Iterable<EntryReport>): Tally {
  const [verdicts, actions] = [{ ...noVerdicts }, { ...noActions }];
  const blind = new Map<Reason, { readonly count: number; readonly detail: string }>();
  let [superseded, noClaims] = [0, 0];
  for (const { verdict, action, reason, detail } of entries) {
    if (action === "released" && reason === "superseded-by-new-start") superseded += 1;
    if (reason === "no-claim") noClaims += 1;
    verdicts[verdict] += 1;
    actions[action] += 1;
    if (verdict === "undecided" && isCountedReason(reason)) {
      const before = blind.get(reason);
      blind.set(reason, { count: (before?.count ?? 0) + 1, detail: before?.detail ?? detail });
    }
  }
  return { verdicts, noClaims, actions, superseded, marked: 0, blind };
}

export function report(more: Partial<SweepReport> = {}): SweepReport {
  const entries = more.entries ?? [];
  const registries = more.registries ?? [registry()];
  const tallies = registries.map(({ format, path: own }) => {
    return tallyOf([...entries].filter((one) => one.registry === own && one.format === format));
  });
  return {
    command: "sweep",
    dryRun: false,
    sweepId: "20261120T150000Z-3f2a",
    startedAt: "2026-11-20T15:00:00.000Z",
    durationMs: 41,
    host: { hostname: "venus", bootId: null },
    registries,
    entries,
    notable: [...entries].filter(({ action }) => action !== "kept"),
    tallies,
    chosenGhosts: undefined,
    titles: registries.map(() => ({ title: "llmmsg bridge", isFiles: false })),
    summary: summarize(tallies),
    refusal: null,
    looks: [],
    warnings: [],
    exitCode: 0,
    ...more,
  };
}
