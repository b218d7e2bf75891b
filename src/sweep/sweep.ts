import type { Host } from "../host/host.ts";
import type { LookingHost } from "../host/looking-host.ts";
import type { SweepReport } from "../report/model/sweep.ts";
import { countChanges } from "../report/tally.ts";
import { type ExamineOptions, examine } from "./examine.ts";
import type { Choice } from "../report/listing/choice.ts";
import { changesIn, recordHistory } from "./history.ts";
import type { Target } from "./load/target.ts";
import { startLooking, startPass } from "./pass.ts";
import { notOwnerReason } from "./observe/callers.ts";
import { unkept } from "./unkept.ts";
import { carryOut, nothingDone } from "./carry-out.ts";
import { eachOf, noOutcomes, reportOn } from "./reporting/sweep-report.ts";

export type SweepOptions = ExamineOptions & {
  /** The name under which the report goes out: `sweep` or `list`. */
  readonly command: string;
  readonly dryRun: boolean;
  /** Which entries are acted on and shown; undefined for all. Every entry is judged and remembered. */
  readonly choice?: Choice;
  /** Ghosts make the exit code 10, for commands that only look. */
  readonly failOnGhosts: boolean;
  /** Is told before anything is touched why the caller is not the owner of a registry, and throws where it has to be. */
  readonly accept?: (registry: string, notOwner: string | undefined) => void;
};

/** Reports what a sweep would do. The host that it is given has no way to write. */
export async function dryRun(host: LookingHost, options: Omit<SweepOptions, "dryRun">): Promise<SweepReport> {
  const targets = options.targets.map((target): Target => (target.server === undefined ? target : { ...target, countsForeign: true }));
  const pass = startLooking(host, { ...options, targets });
  return reportOn(pass, await examine(pass, options), nothingDone, { ...options, dryRun: true });
}

/** Runs one whole pass over all registries. A dry run is the same pass, and ends before the first write. */
export async function sweep(host: Host, options: SweepOptions): Promise<SweepReport> {
  if (options.dryRun) return dryRun(host, options);
  const pass = startPass(host, options);
  const examination = await examine(pass, options);
  if (examination.refusal === undefined)
    for (const examined of examination.registries) options.accept?.(examined.loaded.target.path, notOwnerReason(host, examined));
  const done = await carryOut(pass, examination, options.choice);
  const report = reportOn(pass, examination, done, options);
  const changes = eachOf(examination.registries, (examined) => changesIn(examined, done.outcomes.get(examined) ?? noOutcomes));
  const line = { sweepId: pass.id, at: pass.startedAt, command: options.command };
  const problems = await unkept("its history", () => recordHistory(host, line, changes, countChanges(report.tallies)));
  return { ...report, warnings: [...report.warnings, ...problems] };
}
