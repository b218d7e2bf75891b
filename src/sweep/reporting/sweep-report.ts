import { absentMembers } from "../judge/misread.ts";
import { exitCodes, sweepExitCode } from "../../report/exit-code.ts";
import { isLongBusy } from "../../report/sweep-guards.ts";
import type { EntryReport, RegistryReport, SweepReport } from "../../report/model/sweep.ts";
import { noTally, summarize } from "../../report/tally.ts";
import { looksOf } from "../../report/text.ts";
import { busyOf } from "../busy.ts";
import type { Outcomes } from "../apply/outcome.ts";
import type { Examination } from "../examine.ts";
import { chosenGhosts, isSelected } from "../chosen.ts";
import type { Choice } from "../../report/listing/choice.ts";
import type { ExaminedRegistry, ExaminedEntry } from "../judge/examined.ts";
import type { LookingPass, Stop } from "../pass.ts";
import { registryReport, reportsOf, tallyIn, titleOf, unreadParts, unreadReport } from "./reports.ts";
import type { Done } from "../carry-out.ts";
import type { SweepOptions } from "../sweep.ts";

/** A stopped sweep exits as the shell names the signal. */
const stopCodes: Readonly<Record<NonNullable<Stop["signal"]> | "none", number | undefined>> = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  none: undefined,
};

/** Registries with entries that were kept only because /proc hides processes from this sweep. */
function hiddenFrom({ evidence: { processes }, registries }: Examination): readonly string[] {
  if (processes.seen && processes.value.complete.seen) return [];
  const blind = registries.filter(({ entries }) => entries.blind.has("process-table-blind") || entries.blind.has("pid-unseen"));
  return blind.map(({ loaded }) => loaded.target.path);
}

/** Registries that an operator must look after. A well-known place that is empty is none of them. */
function faultsOf(examination: Examination, reports: readonly RegistryReport[]): ReadonlySet<string> {
  const { unread, registries } = examination;
  // A lock that another process holds is no fault before it has been held for long.
  const unreadable = unread
    .filter(({ state, target }) => (state !== "missing" || target.named) && state !== "busy")
    .map(({ target }) => target.path);
  const doubtful = registries.filter(({ isMisread, loaded }) => isMisread || unreadParts(loaded).length > 0);
  const busy = reports.filter(isLongBusy).map(({ path }) => path);
  return new Set([...unreadable, ...doubtful.map(({ loaded }) => loaded.target.path), ...hiddenFrom(examination), ...busy]);
}

export const noOutcomes: Outcomes = new Map();

/** Entries that are listed one by one: of those that were chosen all but the kept ones. */
function notableIn(examined: ExaminedRegistry, choice: Choice | undefined): Iterable<ExaminedEntry> {
  const notable = examined.entries.notable();
  return choice === undefined ? notable : [...notable].filter((one) => isSelected(choice, examined, one));
}

/** What each registry has to say, one after the other, anew for each reader. */
export function eachOf<T>(registries: readonly ExaminedRegistry[], reportOf: (examined: ExaminedRegistry) => Iterable<T>): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      for (const examined of registries) yield* reportOf(examined);
    },
  };
}

export function reportOn(
  pass: LookingPass,
  examination: Examination,
  { outcomes, busy, problems, isRoomless }: Done,
  options: SweepOptions,
): SweepReport {
  const { host, id: sweepId, startedAt, startedOn } = pass;
  const { refusal, registries, unread, warnings } = examination;
  const here = host.here();
  const places = new Map(registries.map((examined, index) => [examined, index]));
  const reportOf = (examined: ExaminedRegistry, entries: Iterable<ExaminedEntry>): Iterable<EntryReport> =>
    reportsOf(examined, entries, outcomes.get(examined) ?? noOutcomes, {
      registryIndex: places.get(examined),
      isRemembered: !options.dryRun,
      choice: options.choice,
    });
  const notable = eachOf(registries, (examined) => reportOf(examined, notableIn(examined, options.choice)));
  const tallies = [
    ...registries.map((examined) => tallyIn(examined, outcomes.get(examined) ?? noOutcomes, options.choice)),
    ...unread.map(() => noTally),
  ];
  const reports: readonly RegistryReport[] = [
    ...registries.map((examined) => {
      const reported = registryReport(examined, outcomes.get(examined) ?? noOutcomes, busyOf(examination, busy, examined.loaded));
      // A sweep in earnest does not read large registries once more only to tell that.
      const absentFields = options.dryRun ? absentMembers(examined.loaded) : [];
      return absentFields.length === 0 ? reported : { ...reported, absentFields };
    }),
    ...unread.map((one) => unreadReport(one, busyOf(examination, busy, one))),
  ];
  const nowhere = reports.flatMap(({ path, absentFields = [] }) =>
    absentFields.length === 0 ? [] : [`${path}: no entry has ${absentFields.join(", ")}`],
  );
  const summary = summarize(tallies);
  const ghosts = options.choice === undefined ? undefined : chosenGhosts(registries, options.choice);
  const report = { registries: reports, summary, refusal: refusal ?? null };
  const ended = host.clock().awakeMs;
  return {
    command: options.command,
    dryRun: options.dryRun,
    sweepId,
    startedAt,
    durationMs: ended.seen && startedOn.awakeMs.seen ? ended.value - startedOn.awakeMs.value : 0,
    host: { hostname: here.hostname, bootId: here.bootId.seen ? here.bootId.value : null },
    ...report,
    entries: eachOf(registries, (examined) => reportOf(examined, examined.entries)),
    notable,
    tallies,
    chosenGhosts: ghosts,
    titles: [...registries.map(({ loaded }) => titleOf(loaded.target)), ...unread.map(({ target }) => titleOf(target))],
    looks: [...looksOf(examination.evidence), ...nowhere],
    warnings: [...warnings, ...problems],
    ...(examination.flapping.length > 0 && { flapping: examination.flapping }),
    exitCode:
      stopCodes[options.stop.signal ?? "none"] ??
      sweepExitCode(report, { faults: faultsOf(examination, reports), isRoomless }, options.failOnGhosts && (ghosts ?? summary.ghost) > 0),
  };
}
