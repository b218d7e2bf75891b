import { intentNames, noIntents, type Intent } from "../../core/plan/actions.ts";
import { formatMessage } from "../../core/answer.ts";
import type { Reason } from "../../core/reasons.ts";
import type { Candidate, Noted, Revised, Revision } from "../../core/revisions/revision.ts";
import type { Verdict } from "../../core/ladder.ts";
import type { Change, RegistryPolicy } from "../../core/plan/plan.ts";
import { isCountedReason, noVerdicts, type Tally } from "../../report/tally.ts";
import type { Judged } from "./scenes.ts";
import { keptAtMost, type FilesRegistry, type ReadRegistry } from "../load/loaded.ts";
import type { RegistryView } from "../pass.ts";
import type { DaemonStatus } from "../observe/daemon.ts";

export type ExaminedEntry = Judged & {
  readonly intent: Intent;
  /** What revised the verdict of the ladder, in the order in which it did. */
  readonly revisions: readonly AppliedRevision[];
};

/** What of an entry is asked for when it is changed. */
export type RevisedEntry = Pick<ExaminedEntry, "entry" | "judgement" | "revisions">;

export type AppliedRevision = { readonly revision: Revision; readonly candidate: Candidate; readonly revised: Revised };

/** What the revisions of an entry have noted for reports. */
export function notedOf({ revisions }: Pick<ExaminedEntry, "revisions">): Partial<Noted> {
  return Object.assign({}, ...revisions.map(({ revised }) => revised.noted));
}

/**
 * Judged entries, in the registry's order. Of each only its intent is kept: the same evidence gives the
 * same judgement again, and a judgement each for a million entries would be most of a sweep's memory.
 */
export type ExaminedEntries = Iterable<ExaminedEntry> & {
  readonly length: number;
  readonly at: (index: number) => ExaminedEntry;
  /** Where the entries with one of these intents stand. Judges no entry again. */
  readonly indexesOf: (...wanted: readonly Intent[]) => readonly number[];
  /** Those that a report lists one by one: all but the kept ones. */
  readonly notable: () => Iterable<ExaminedEntry>;
  /** Those of which the next sweep may need a record. */
  readonly forMemory: () => Iterable<ExaminedEntry>;
  /** The same entries but for those that are given, by index. */
  readonly withChanged: (changed: ReadonlyMap<number, ExaminedEntry>) => ExaminedEntries;
  readonly intents: Readonly<Record<Intent, number>>;
  readonly verdicts: Tally["verdicts"];
  readonly noClaims: number;
  readonly blind: Tally["blind"];
};

export type ExaminedRegistry = RegistryView & {
  readonly owner: DaemonStatus;
  readonly reportOnly: string | undefined;
  /** Its writer means something else than is read in it: nothing there can be judged, and a person must look. */
  readonly isMisread: boolean;
  readonly entries: ExaminedEntries;
};

/** An examined registry with one file an entry. */
export type FilesExamined = ExaminedRegistry & { readonly loaded: FilesRegistry };

/** What may be done in a registry, as its owner and its files stand. */
export function registryPolicyOf({
  loaded,
  owner,
  reportOnly,
  isMisread,
}: Pick<ExaminedRegistry, "loaded" | "owner" | "reportOnly" | "isMisread">): RegistryPolicy {
  const { release, onGhost } = loaded.target;
  return {
    ownerUp: owner.up,
    ownerCalls: owner.isCaller,
    releasable: release !== undefined && onGhost !== "report" && !isMisread,
    reportOnly,
  };
}

/** What becomes of a ghost there. */
export function changeIn({ target: { onGhost } }: ReadRegistry): Extract<Change, "reap" | "mark"> {
  return onGhost === "release" ? "mark" : "reap";
}

/** A mark is one byte an entry: the number of its intent, and whether memory may need a record of it. */
const needsMemoryMark = 1;
const numberOf = (intent: Intent): number => intentNames.indexOf(intent);
const keepNumber = numberOf("keep");
const intentIn = (mark: number): number => mark >> 1;

/** Does memory need a record of it? An entry with a time of its own needs none, unless it waits for a second look or the clock was stepped. */
function needsMemory({ hasOwnTime, memory, judgement, holders, needsSight }: Judged): boolean {
  return (
    !hasOwnTime ||
    needsSight ||
    holders.length > 0 ||
    memory.clockStepped ||
    judgement.reason === "heartbeat-fresh" ||
    (judgement.verdict === "ghost" && !judgement.certain)
  );
}

function markOf(one: ExaminedEntry): number {
  return (numberOf(one.intent) << 1) | (needsMemory(one) ? needsMemoryMark : 0);
}

type Counted = Pick<ExaminedEntries, "intents" | "verdicts" | "noClaims" | "blind">;

function entriesBy(
  marks: Uint8Array,
  at: (index: number) => ExaminedEntry,
  { intents, verdicts, noClaims, blind }: Counted,
): ExaminedEntries {
  function* marked(isWanted: (mark: number) => boolean): Generator<ExaminedEntry, undefined> {
    for (let index = 0; index < marks.length; index += 1) if (isWanted(marks[index] as number)) yield at(index);
  }
  function indexesOf(...wanted: readonly Intent[]): readonly number[] {
    const numbers = wanted.filter((intent) => intents[intent] > 0).map(numberOf);
    const found: number[] = [];
    if (numbers.length === 0) return found;
    for (let index = 0; index < marks.length; index += 1) if (numbers.includes(intentIn(marks[index] as number))) found.push(index);
    return found;
  }
  function* all(): Generator<ExaminedEntry, undefined> {
    for (let index = 0; index < marks.length; index += 1) yield at(index);
  }
  return {
    length: marks.length,
    at,
    indexesOf,
    notable: () => marked((mark) => intentIn(mark) !== keepNumber),
    forMemory: () => marked((mark) => (mark & needsMemoryMark) !== 0),
    withChanged: (changed) => changeEntries(marks, at, { intents, verdicts, noClaims, blind }, changed),
    intents,
    verdicts,
    noClaims,
    blind,
    [Symbol.iterator]: all,
  };
}

/** The same entries but for a few, of which more is known by now. */
function changeEntries(
  marks: Uint8Array,
  at: (index: number) => ExaminedEntry,
  counted: Counted,
  changed: ReadonlyMap<number, ExaminedEntry>,
): ExaminedEntries {
  const own = marks.slice();
  const [intents, verdicts] = [{ ...counted.intents }, { ...counted.verdicts }];
  for (const [index, one] of changed) {
    const before = at(index);
    intents[before.intent] -= 1;
    intents[one.intent] += 1;
    verdicts[before.judgement.verdict] -= 1;
    verdicts[one.judgement.verdict] += 1;
    own[index] = markOf(one);
  }
  return entriesBy(own, (index) => changed.get(index) ?? at(index), { ...counted, intents, verdicts });
}

function keeping(length: number, judge: (index: number) => ExaminedEntry): (index: number) => ExaminedEntry {
  if (length > keptAtMost) return judge;
  const kept: (ExaminedEntry | undefined)[] = [];
  return (index) => (kept[index] ??= judge(index));
}

/** Judges each entry once, and those of a large registry again when they are asked for. */
export function examinedEntries(length: number, judge: (index: number) => ExaminedEntry): ExaminedEntries {
  const judgeAt = keeping(length, judge);
  const marks = new Uint8Array(length);
  const verdicts: Record<Verdict, number> = { ...noVerdicts };
  const intents: Record<Intent, number> = { ...noIntents };
  let noClaims = 0;
  const blind = new Map<Reason, { count: number; readonly detail: string }>();
  for (let index = 0; index < length; index += 1) {
    const one = judgeAt(index);
    const { verdict, reason, detail } = one.judgement;
    if (reason === "no-claim") noClaims += 1;
    verdicts[verdict] += 1;
    intents[one.intent] += 1;
    marks[index] = markOf(one);
    if (verdict !== "undecided" || !isCountedReason(reason)) continue;
    const before = blind.get(reason);
    if (before === undefined) blind.set(reason, { count: 1, detail: formatMessage(detail) });
    else before.count += 1;
  }
  return entriesBy(marks, judgeAt, { intents, verdicts, noClaims, blind });
}
