import type { Reason } from "../core/answer.ts";
import type { Cause, Guard } from "./guards.ts";
import type { EntryReport, RegistryReport, SweepReport } from "./model.ts";

/** Reasons for which an entry is kept because this sweep could not look; a registry that stays so is not guarded. */
const blindReasons: ReadonlyMap<Reason, Cause> = new Map([
  ["process-table-blind", "processes-unseen"],
  ["pid-unseen", "processes-unseen"],
  ["writer-locks-unseen", "processes-unseen"],
  ["foreign-pid-namespace", "processes-unseen"],
  ["app-server-unreachable", "app-server-unreachable"],
]);

const faults = {
  missing: "registry-missing",
  unreadable: "registry-unreadable",
  malformed: "registry-malformed",
  failed: "registry-failed",
} as const;

/** The entry that shows best why a registry is blind. */
export function blindEntry(entries: readonly EntryReport[]): EntryReport | undefined {
  return entries.find(({ verdict, reason }) => verdict === "undecided" && blindReasons.has(reason));
}

function registryGuard(registry: RegistryReport, entries: readonly EntryReport[]): Guard {
  const { path, state, owner, registrations } = registry;
  const problem = registry.problem ?? "";
  const about = { guard: "registry", name: path } as const;
  if (state === "missing" || state === "unreadable" || state === "malformed" || state === "failed") {
    return { ...about, posture: "blind", cause: faults[state], detail: problem, cure: "mend or remove what the detail names" };
  }
  const blind = blindEntry(entries);
  if (blind !== undefined) {
    const cause = blindReasons.get(blind.reason) ?? "processes-unseen";
    const many = entries.filter(({ reason }) => reason === blind.reason).length;
    const cure = cause === "processes-unseen" ? "let sessreap see every process (man sessreap-units)" : "start it, or correct its address";
    return { ...about, posture: "blind", cause, detail: `${many} kept by doubt: ${blind.detail}`, cure };
  }
  if (owner.up) return { ...about, posture: "on", cause: "owner-up", detail: `${problem}; ghosts are reported and withheld`, cure: null };
  if (state === "report-only") return { ...about, posture: "dry-run", cause: "registry-report-only", detail: problem, cure: problem };
  return { ...about, posture: "on", cause: "fine", detail: `${registrations} registration${registrations === 1 ? "" : "s"}`, cure: null };
}

/** The guards that one sweep knows of: its own eyes, and every registry that somebody named or that is there. */
export function sweepGuards({ registries, entries, refusal }: SweepReport, named: ReadonlySet<string>): readonly Guard[] {
  const eyes: Guard =
    refusal === null
      ? { guard: "eyes", name: "self-test", posture: "on", cause: "fine", detail: "it sees itself", cure: null }
      : { guard: "eyes", name: "self-test", posture: "blind", cause: "self-test-failed", detail: refusal, cure: "see the detail" };
  const shown = registries.filter(({ state, path }) => state !== "missing" || named.has(path));
  const guards = shown.map((registry) => {
    const own = entries.filter((entry) => entry.registry === registry.path && entry.format === registry.format);
    return registryGuard(registry, own);
  });
  if (guards.length > 0) return [eyes, ...guards];
  const detail = `none is there; looked for ${registries.map(({ path }) => path).join(", ") || "nothing"}`;
  return [eyes, { guard: "registry", name: "any", posture: "off", cause: "no-registry", detail, cure: "name yours in the configuration" }];
}
