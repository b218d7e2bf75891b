import type { Host } from "../host/host.ts";
import { formatError } from "../host/observed.ts";
import { exitCodes, sweepExitCode } from "../report/exit-code.ts";
import type { EntryReport, SweepReport } from "../report/model/sweep.ts";
import { countChanges, noTally, summarize } from "../report/tally.ts";
import { looksOf } from "../report/text.ts";
import { carryOutIn } from "./apply/apply.ts";
import { tombstonesFull, type Outcomes } from "./apply/outcome.ts";
import { type Examination, type ExamineOptions, examine } from "./examine.ts";
import { changesIn, recordHistory } from "./history.ts";
import type { ExaminedRegistry, ExaminedEntry } from "./judge/examined.ts";
import { startPass, type Stop } from "./pass.ts";
import { remember, rememberDoubt } from "./remember.ts";
import { registryReport, reportsOf, tallyIn, unreadParts, unreadReport } from "./reports.ts";

export type SweepOptions = ExamineOptions & {
  /** The name under which the report goes out: `sweep` or `list`. */
  readonly command: string;
  readonly dryRun: boolean;
  /** Ghosts make the exit code 10, for commands that only look. */
  readonly failOnGhosts: boolean;
};

/** A stopped sweep exits as the shell names the signal. */
const stopCodes: Readonly<Record<NonNullable<Stop["signal"]> | "none", number | undefined>> = {
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
  none: undefined,
};

/** Puts files that a killed sweep left in quarantine back to their paths, where the next sweep judges them. */
function recoverQuarantined(host: Host, { registries }: Examination): readonly string[] {
  return registries.flatMap(({ loaded, reportOnly, owner }) => {
    if (loaded.kind !== "files" || loaded.quarantined.length === 0 || reportOnly !== undefined || owner.up) return [];
    return host.recoverQuarantined(loaded.realPath, loaded.quarantined);
  });
}

/** Registries with entries that were kept only because /proc hides processes from this sweep. */
function hiddenFrom({ evidence: { processes }, registries }: Examination): readonly string[] {
  if (processes.seen && processes.value.complete.seen) return [];
  const blind = registries.filter(({ entries }) => entries.blind.has("process-table-blind") || entries.blind.has("pid-unseen"));
  return blind.map(({ loaded }) => loaded.target.path);
}

/** Registries that an operator must look after. A well-known place that is empty is none of them. */
function faultsOf(examination: Examination): ReadonlySet<string> {
  const { unread, registries } = examination;
  const unreadable = unread.filter(({ state, target }) => state !== "missing" || target.named).map(({ target }) => target.path);
  const doubtful = registries.filter(({ mismatched, loaded }) => mismatched || unreadParts(loaded).length > 0);
  return new Set([...unreadable, ...doubtful.map(({ loaded }) => loaded.target.path), ...hiddenFrom(examination)]);
}

const noOutcomes: Outcomes = new Map();

/** Ghosts for which there is no room stay for days: that must not look like a second look that is awaited. */
function roomWarnings(outcomes: ReadonlyMap<ExaminedRegistry, Outcomes>): readonly string[] {
  let waiting = 0;
  for (const recorded of outcomes.values()) for (const { note } of recorded.values()) if (note === tombstonesFull) waiting += 1;
  return waiting === 0 ? [] : [`${waiting} ghost${waiting === 1 ? "" : "s"} could not be reaped: ${tombstonesFull}`];
}

/** What each registry has to say, one after the other, anew for each reader. */
function eachOf<T>(registries: readonly ExaminedRegistry[], reportOf: (examined: ExaminedRegistry) => Iterable<T>): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      for (const examined of registries) yield* reportOf(examined);
    },
  };
}

/** One whole pass over all registries. A dry run is the same pass, stopped before the first write. */
export async function sweep(host: Host, options: SweepOptions): Promise<SweepReport> {
  const pass = startPass(host, options);
  const { id: sweepId, startedAt, startedOn } = pass;
  const here = host.here();
  const examination = await examine(pass, options);
  const { refusal, registries, unread, warnings } = examination;
  let outcomes: ReadonlyMap<ExaminedRegistry, Outcomes> = new Map();
  const unkept: string[] = [];
  /** What was reaped is reaped: a note that cannot be kept is said, and does not turn the sweep into a fault. */
  const keep = async (what: string, write: () => void | Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      unkept.push(`${what} could not be kept in the state directory: ${formatError(error)}`);
    }
  };
  if (!options.dryRun && refusal === undefined) {
    for (const { path } of options.targets) host.removeLeftovers(path);
    unkept.push(...recoverQuarantined(host, examination));
    const all = new Map<ExaminedRegistry, Outcomes>();
    for (const examined of registries) {
      all.set(examined, await carryOutIn(pass, examined, examined.entries));
    }
    outcomes = all;
    unkept.push(...roomWarnings(outcomes));
    await keep("what this sweep has seen", () => host.store.saveMemory(remember(host, examination, outcomes)));
  } else if (!options.dryRun) {
    await keep("that this sweep has seen nothing", () => host.store.saveMemory(rememberDoubt(examination)));
  }
  const reportOf = (examined: ExaminedRegistry, entries: Iterable<ExaminedEntry>): Iterable<EntryReport> =>
    reportsOf(examined, entries, outcomes.get(examined) ?? noOutcomes);
  const notable = eachOf(registries, (examined) => reportOf(examined, examined.entries.notable()));
  const tallies = [...registries.map((examined) => tallyIn(examined, outcomes.get(examined) ?? noOutcomes)), ...unread.map(() => noTally)];
  const reports = [
    ...registries.map((examined) => registryReport(examined, outcomes.get(examined) ?? noOutcomes)),
    ...unread.map(unreadReport),
  ];
  const summary = summarize(tallies);
  const report = { registries: reports, summary, refusal: refusal ?? null };
  const changes = eachOf(registries, (examined) => changesIn(examined, outcomes.get(examined) ?? noOutcomes));
  if (!options.dryRun)
    await keep("its history", () =>
      recordHistory(host, { sweepId, at: startedAt, command: options.command }, changes, countChanges(tallies)),
    );
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
    looks: looksOf(examination.evidence),
    warnings: [...warnings, ...unkept],
    ...(examination.flapping.length > 0 && { flapping: examination.flapping }),
    exitCode: stopCodes[options.stop.signal ?? "none"] ?? sweepExitCode(report, faultsOf(examination), options.failOnGhosts),
  };
}
