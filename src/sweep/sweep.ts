import type { Memory } from "../core/memory.ts";
import type { Host } from "../host/host.ts";
import type { LookingHost } from "../host/looking-host.ts";
import { absentMembers } from "./judge/misread.ts";
import { exitCodes, sweepExitCode } from "../report/exit-code.ts";
import { isLongBusy } from "../report/sweep-guards.ts";
import type { EntryReport, RegistryReport, SweepReport } from "../report/model/sweep.ts";
import { countChanges, noTally, summarize } from "../report/tally.ts";
import { looksOf } from "../report/text.ts";
import { busyOf } from "./busy.ts";
import { carryOutIn } from "./apply/apply.ts";
import { countWithoutRoom, tombstonesFull, type Outcomes } from "./apply/outcome.ts";
import { type Examination, type ExamineOptions, examine } from "./examine.ts";
import { chosenGhosts, isSelected, leftOutIn, selectionIn } from "./chosen.ts";
import type { Choice } from "../report/listing/choice.ts";
import { contested, recordHosts } from "./observe/fleet.ts";
import { changesIn, recordHistory } from "./history.ts";
import type { Target } from "./load/target.ts";
import type { ExaminedRegistry, ExaminedEntry } from "./judge/examined.ts";
import { startLooking, startPass, type LookingPass, type Pass, type Stop } from "./pass.ts";
import { notOwnerReason } from "./observe/callers.ts";
import { isRoomlessTooLong, remember, rememberDoubt } from "./remember.ts";
import { unkept } from "./unkept.ts";
import { registryReport, reportsOf, tallyIn, titleOf, unreadParts, unreadReport } from "./reports.ts";

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

const noOutcomes: Outcomes = new Map();

/** Ghosts for which there is no room stay for days: that must not look like a second look that is awaited. */
function roomWarnings(outcomes: ReadonlyMap<ExaminedRegistry, Outcomes>): readonly string[] {
  const waiting = countWithoutRoom(outcomes.values());
  return waiting === 0 ? [] : [`${waiting} ghost${waiting === 1 ? "" : "s"} could not be reaped: ${tombstonesFull}`];
}

/** Entries that are listed one by one: of those that were chosen all but the kept ones. */
function notableIn(examined: ExaminedRegistry, choice: Choice | undefined): Iterable<ExaminedEntry> {
  const notable = examined.entries.notable();
  return choice === undefined ? notable : [...notable].filter((one) => isSelected(choice, examined, one));
}

/** What each registry has to say, one after the other, anew for each reader. */
function eachOf<T>(registries: readonly ExaminedRegistry[], reportOf: (examined: ExaminedRegistry) => Iterable<T>): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      for (const examined of registries) yield* reportOf(examined);
    },
  };
}

/** What a sweep did, by registry, and what it could not write beside that. */
type Done = {
  readonly outcomes: ReadonlyMap<ExaminedRegistry, Outcomes>;
  /** What it leaves in memory of busy files; undefined where it tried nothing. */
  readonly busy: Memory["busy"] | undefined;
  readonly problems: readonly string[];
  /** Ghosts have waited for room for so long that a person must look after it. */
  readonly isRoomless: boolean;
};

const nothingDone: Done = { outcomes: new Map(), busy: undefined, problems: [], isRoomless: false };

const needsTombstones = ({ entries: { intents } }: ExaminedRegistry): boolean =>
  intents.stamp + intents.mark + intents.reap + intents["take-over"] > 0;

async function carryOut(pass: Pass, examination: Examination, choice: Choice | undefined): Promise<Done> {
  const { host } = pass;
  if (examination.refusal !== undefined) {
    const doubt = await unkept("that this sweep has seen nothing", () => host.store.saveMemory(rememberDoubt(examination)));
    const read = examination.registries.map(({ loaded }) => loaded);
    const isContested = contested(read, examination.evidence) !== undefined;
    return { ...nothingDone, problems: [...doubt, ...(isContested ? await recordHosts(host, read, true) : [])] };
  }
  for (const { path, server } of examination.pass.targets) if (server === undefined) host.removeLeftovers(path);
  const stuck = recoverQuarantined(host, examination);
  const outcomes = new Map<ExaminedRegistry, Outcomes>();
  const { registries } = examination;
  for (const [turn, examined] of registries.entries()) {
    const othersWait = registries.slice(turn + 1).some(needsTombstones);
    if (needsTombstones(examined)) pass.tombstones.turnTo(othersWait ? "wait" : "are-done");
    outcomes.set(examined, await carryOutIn(pass, examined, selectionIn(examined, choice)));
  }
  const read = registries.map(({ loaded }) => loaded);
  const unsaid = await recordHosts(host, read, false);
  const done = new Map([...outcomes].map(([examined, own]) => [examined, { outcomes: own, leftOut: leftOutIn(examined, choice) }]));
  const memory = remember(host, examination, done);
  const kept = await unkept("what this sweep has seen", () => host.store.saveMemory(memory));
  return {
    outcomes,
    busy: memory.busy,
    isRoomless: isRoomlessTooLong(memory),
    problems: [...stuck, ...roomWarnings(outcomes), ...unsaid, ...kept],
  };
}

function reportOn(
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
