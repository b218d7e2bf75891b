import { intentNames, intents, noActions, type Action } from "../../core/plan/actions.ts";
import { formatMessage } from "../../core/answer.ts";
import { secondLookMs } from "../../core/policy.ts";
import type { EntryReport, RegistryReport, RegistryTitle } from "../../report/model/sweep.ts";
import type { Tally } from "../../report/tally.ts";
import type { Examination } from "../examine.ts";
import { notedOf, type ExaminedRegistry, type ExaminedEntry } from "../judge/examined.ts";
import type { Outcome, Outcomes } from "../apply/outcome.ts";
import type { Choice } from "../../report/listing/choice.ts";
import { chosenActions, isSelected } from "../chosen.ts";
import type { Entry, ReadRegistry } from "../load/loaded.ts";
import type { Target } from "../load/target.ts";

/** Numbers of the output are integers; a claim may state a time that is none. */
const wholeMs = (ms: number | undefined): number | null => (ms !== undefined && Number.isFinite(ms) ? Math.floor(ms) : null);

/** What its file is, of an entry of which nothing but the file's name could be understood. */
function bodyOf({ claim, place }: Entry): EntryReport["body"] {
  if (!claim.ok || !claim.torn || place.kind !== "file") return undefined;
  return place.state.size === 0 ? "empty" : "torn";
}

/**
 * When the second look at a waiting ghost may be. A dry run leaves nothing from which its time could be counted, and an outcome
 * says that it waits for something else.
 */
function nextLookAt(
  { evidence }: ExaminedRegistry,
  { intent, memory }: ExaminedEntry,
  outcome: Outcome | undefined,
  isRemembered: boolean,
): number | null {
  const { wallMs } = evidence.clock;
  if (intent !== "wait" || outcome !== undefined || !wallMs.seen) return null;
  if (memory.absentForMs === undefined && !isRemembered) return null;
  return wholeMs(wallMs.value + Math.max(0, secondLookMs - (memory.absentForMs ?? 0)));
}

function entryReport(
  examined: ExaminedRegistry,
  one: ExaminedEntry,
  outcome: Outcome | undefined,
  { registryIndex, isRemembered, choice }: ReportOptions,
): EntryReport {
  const { loaded } = examined;
  const { entry, sessionId, judgement, intent, revisions } = one;
  const { phantomOf, hostLock } = notedOf({ revisions });
  const note = outcome?.note === undefined ? "" : `; ${outcome.note}`;
  const claim = entry.claim.ok ? entry.claim.registration : undefined;
  const body = bodyOf(entry);
  const selected = isSelected(choice, examined, one);
  return {
    registry: loaded.target.path,
    ...(registryIndex !== undefined && { registryIndex }),
    format: loaded.target.format.name,
    key: entry.key,
    sessionId: sessionId ?? null,
    identity: claim?.identity ?? null,
    pid: claim?.pid ?? null,
    cwd: claim?.cwd ?? null,
    registeredAt: wholeMs(claim?.registeredAt),
    lastActivityAt: wholeMs(claim?.lastActivityAt),
    ...(body !== undefined && { body }),
    verdict: judgement.verdict,
    rung: judgement.rung ?? null,
    reason: judgement.reason,
    detail: `${formatMessage(judgement.detail)}${note}`,
    ageMs: judgement.ageMs === undefined ? null : Math.floor(judgement.ageMs),
    action: outcome?.action ?? (selected ? intents[intent].planned : "kept"),
    selected,
    ...(outcome?.note !== undefined && { note: outcome.note }),
    nextLookAt: nextLookAt(examined, one, outcome, isRemembered),
    tombstone: outcome?.tombstone ?? null,
    phantomOf: phantomOf ?? null,
    ...(outcome?.usedBy !== undefined && { usedBy: { pid: outcome.usedBy.pid, name: outcome.usedBy.name ?? null } }),
    ...(hostLock !== undefined && { hostLock }),
  };
}

/** An entry as a command that writes nothing reports it. */
export function plannedReport(examined: ExaminedRegistry, one: ExaminedEntry): EntryReport {
  return entryReport(examined, one, undefined, { registryIndex: undefined, isRemembered: false, choice: undefined });
}

export type ReportOptions = {
  /** Which of the registries in the report it is; undefined where none are listed there. */
  readonly registryIndex: number | undefined;
  /** The next sweep will know what this one has seen. */
  readonly isRemembered: boolean;
  readonly choice: Choice | undefined;
};

export function* reportsOf(
  examined: ExaminedRegistry,
  entries: Iterable<ExaminedEntry>,
  outcomes: Outcomes,
  options: ReportOptions,
): Generator<EntryReport, undefined> {
  for (const one of entries) yield entryReport(examined, one, outcomes.get(one.entry.key), options);
}

/**
 * What was judged in a registry and done with it. A sweep in earnest leaves an outcome for every entry that it was to
 * change; a dry run leaves none, and its plan is counted.
 */
export function tallyIn(examined: ExaminedRegistry, outcomes: Outcomes, choice: Choice | undefined): Tally {
  const { intents: counts, verdicts, noClaims, blind } = examined.entries;
  const actions: Record<Action, number> = { ...noActions };
  for (const intent of intentNames) {
    const { planned, writes } = intents[intent];
    if (!writes || outcomes.size === 0) actions[planned] += counts[intent];
  }
  let [superseded, marked] = [0, 0];
  for (const { action, change } of outcomes.values()) {
    actions[action] += 1;
    if (change === "stamp") superseded += 1;
    if (change === "mark") marked += 1;
  }
  const chosen = choice === undefined ? actions : chosenActions(examined, outcomes, choice);
  return { verdicts, noClaims, actions: chosen, superseded, marked, blind };
}

/** Parts of a registry that could not be read: what is in them is not judged. */
export function unreadParts(loaded: ExaminedRegistry["loaded"]): readonly string[] {
  if (loaded.kind === "files") return loaded.problems;
  const withheld = loaded.kind === "rows" && loaded.file.stat === undefined ? loaded.file.withheld : undefined;
  return withheld === undefined ? [] : [withheld];
}

/** The machines that share a table of a server. */
function fleetIn(loaded: ReadRegistry): Pick<RegistryReport, "fleet"> {
  if (loaded.kind !== "rows" || loaded.file.stat !== undefined) return {};
  const { machine, fleet } = loaded.file;
  const { swept, foreign } = fleet;
  const counted = { machines: swept?.machines ?? null, silent: swept?.silent ?? null };
  return { fleet: { machine, ...counted, ...(foreign !== undefined && { foreign }) } };
}

/** What a registry looks like after the sweep. */
export function registryReport(
  { loaded, owner, reportOnly, entries }: ExaminedRegistry,
  outcomes: Outcomes,
  busy: { readonly forMs: number; readonly why: string } | undefined,
): RegistryReport {
  const failure = [...outcomes.values()].find(({ action }) => action === "failed");
  const changed = [...outcomes.values()].find(({ action }) => action === "skipped");
  const used = [...outcomes.values()].find(({ action }) => action === "busy");
  const problem =
    failure?.note ??
    reportOnly ??
    (owner.up ? `its owner is up (${owner.why})` : (unreadParts(loaded)[0] ?? used?.note ?? busy?.why ?? null));
  const state = ((): RegistryReport["state"] => {
    if (failure !== undefined) return "failed";
    if (reportOnly !== undefined || owner.up) return "report-only";
    if (used !== undefined) return "busy";
    return changed === undefined ? "swept" : "changed";
  })();
  return {
    format: loaded.target.format.name,
    path: loaded.target.path,
    state,
    owner: { up: owner.up, pids: owner.pids, unknownUnit: owner.unknownUnit ?? null },
    registrations: entries.length,
    problem,
    ...fleetIn(loaded),
    ...(loaded.kind === "files" && loaded.passedOver > 0 && { passedOver: loaded.passedOver }),
    ...(busy !== undefined && !owner.up && { busyForMs: Math.floor(busy.forMs) }),
  };
}

/** What people call a registry: as its user says, by what it is of, or by its file's name. */
export function titleOf({ format, path, name }: Target): RegistryTitle {
  const isServer = format.layout === "rows" && format.store === "server";
  const usual = isServer ? format.table : (format.title ?? path.slice(path.lastIndexOf("/") + 1));
  return { title: name ?? usual, isFiles: format.layout === "files" };
}

/** A registry that could not be read at all. */
export function unreadReport(
  { target, state, problem }: Examination["unread"][number],
  busy: { readonly forMs: number } | undefined,
): RegistryReport {
  return {
    format: target.format.name,
    path: target.path,
    state,
    owner: { up: false, pids: [], unknownUnit: null },
    registrations: 0,
    problem,
    ...(state === "busy" && busy !== undefined && { busyForMs: Math.floor(busy.forMs) }),
  };
}
