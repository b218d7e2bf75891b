import { judge } from "../core/ladder.ts";
import type { RegistryFacts } from "../core/scene.ts";
import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { Piece } from "../host/swap-draft.ts";
import { encodeTombstone, type Tombstone } from "../host/tombstones.ts";
import { cutsFor, keptSpans, type Cut } from "../registries/json-bytes.ts";
import type { Action } from "../report/model.ts";
import type { Examination, Examined, ExaminedEntry } from "./examine.ts";
import { claimsOf, factsOf, sceneOf, type ReadRegistry } from "./judge.ts";
import { loadRegistry, type Entry } from "./load.ts";
import { codexHomesFor, evidenceOf, lookAtLocks, lookAtWorld } from "./observe.ts";
import { findOwner, ownerQuestions } from "./owner.ts";

/** What became of an entry; `note` says why it was not what was meant. */
export type Outcome = { readonly action: Action; readonly tombstone: string | undefined; readonly note: string | undefined };

export type Grave = { readonly sweepId: string; readonly at: string; count: number; room: number };

export type Surroundings = { readonly codexHomes: readonly string[]; readonly env: Readonly<Record<string, string | undefined>> };

/** A writer that changes the file between judgement and swap is given way to so many times. */
const attempts = 3;

const done = (action: Action, tombstone?: string): Outcome => ({ action, tombstone, note: undefined });
const undone = (action: Action, note: string): Outcome => ({ action, tombstone: undefined, note });

function bytesOf({ container, file }: ReadRegistry, { index }: Entry): Buffer {
  const member = container.members[index];
  return member === undefined ? Buffer.alloc(0) : file.bytes.subarray(member.start, member.end);
}

const indexesOf = (entries: readonly ExaminedEntry[]): readonly number[] => entries.map(({ entry }) => entry.index);

function tombstoneOf(grave: Grave, loaded: ReadRegistry, { entry, judgement }: ExaminedEntry, cut: Cut, number: number): Tombstone {
  const { target, file, container } = loaded;
  const member = container.members[entry.index] ?? { start: cut.start, end: cut.end };
  return {
    id: `${grave.sweepId}/${number}`,
    at: grave.at,
    registry: target.path,
    format: target.format.name,
    key: entry.key,
    sessionId: entry.claim.ok ? entry.claim.registration.sessionId : undefined,
    reason: judgement.reason,
    detail: judgement.detail,
    kept: {
      layout: "members",
      entries: target.format.layout === "members" ? target.format.entries : "",
      form: cut.form,
      after: container.members[entry.index - 1]?.key,
      cut: file.bytes.subarray(cut.start, cut.end).toString("base64"),
      member: { start: member.start - cut.start, end: member.end - cut.start },
    },
  };
}

/** Looks at the processes once more and says which of the condemned are still dead, and whether the owner is. */
async function lastLook(
  host: Host,
  examination: Examination,
  examined: Examined,
  condemned: readonly ExaminedEntry[],
  around: Surroundings,
): Promise<ReadonlySet<string> | undefined> {
  const { loaded } = examined;
  const { target } = loaded;
  const pids = new Set(claimsOf(loaded).flatMap(({ pid }) => pid ?? []));
  const world = await lookAtWorld(host, { pids, owners: ownerQuestions([target]) });
  if ((await findOwner(host, target.owner, world)).up) return undefined;
  const homes = codexHomesFor(host, target, Number(loaded.file.stat.uid), around.codexHomes, around.env);
  const facts: RegistryFacts = { ...factsOf(loaded, world, lookAtLocks(host, world, homes)), modifiedAt: examined.facts.modifiedAt };
  const evidence = evidenceOf(
    { ...world, clock: examination.evidence.clock },
    examination.evidence.appServers,
    examination.evidence.endpoints,
  );
  const stillDead = condemned.filter(({ entry }) => {
    const scene = sceneOf(examination.court, loaded, entry, facts, evidence, examination.since);
    return scene !== undefined && judge(scene).verdict === "ghost";
  });
  return new Set(stillDead.map(({ entry }) => entry.key));
}

type Burial = {
  readonly entries: readonly ExaminedEntry[];
  readonly tombstones: readonly Tombstone[];
  readonly encoded: readonly Buffer[];
};

/** Tombstones for as many of the condemned as there is room for. What goes decides where its separators belong. */
function prepareBurial(grave: Grave, loaded: ReadRegistry, condemned: readonly ExaminedEntry[]): Burial {
  const cuts = cutsFor(loaded.container, indexesOf(condemned));
  const tombstones = condemned.map((one, at) => tombstoneOf(grave, loaded, one, cuts[at] as Cut, grave.count + at));
  const encoded = tombstones.map(encodeTombstone);
  let room = grave.room;
  const fitting = encoded.findIndex(({ length }) => (room -= length) < 0);
  return fitting < 0 ? { entries: condemned, tombstones, encoded } : prepareBurial(grave, loaded, condemned.slice(0, fitting));
}

function bury(host: Host, grave: Grave, { encoded }: Burial): void {
  grave.count += encoded.length;
  for (const { length } of encoded) grave.room -= length;
  if (encoded.length > 0) host.store.bury(grave.sweepId, encoded);
}

function piecesWithout({ container, file }: ReadRegistry, gone: readonly ExaminedEntry[]): readonly Piece[] {
  return keptSpans(file.bytes.length, cutsFor(container, indexesOf(gone)));
}

/** Those of the condemned that stand in the newly read file with the very bytes that were judged. */
function stillThere(before: ReadRegistry, now: ReadRegistry, condemned: readonly ExaminedEntry[]): readonly ExaminedEntry[] {
  const byKey = new Map(now.entries.map((entry) => [entry.key, entry]));
  return condemned.flatMap((one) => {
    const entry = byKey.get(one.entry.key);
    const same = entry !== undefined && !entry.duplicate && bytesOf(now, entry).equals(bytesOf(before, one.entry));
    return same ? [{ ...one, entry }] : [];
  });
}

type Round = { readonly kind: "over" } | { readonly kind: "again"; readonly loaded: ReadRegistry; readonly left: readonly ExaminedEntry[] };

const over: Round = { kind: "over" };

/**
 * Reaps members of one JSON file in one swap. Tombstones go first; what was not reaped after all loses its own. A
 * writer that changes the file in between is given way to, and what it left as it was judged is tried again.
 */
export async function reapMembers(
  host: Host,
  examination: Examination,
  examined: Examined,
  condemned: readonly ExaminedEntry[],
  grave: Grave,
  around: Surroundings,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const settle = (entries: readonly ExaminedEntry[], action: Action, note: string): void => {
    for (const { entry } of entries) outcomes.set(entry.key, undone(action, note));
  };

  async function changedFile(loaded: ReadRegistry, left: readonly ExaminedEntry[]): Promise<Round> {
    const now = await loadRegistry(host, loaded.target);
    if (now.state !== "read") {
      settle(left, "skipped", "its file changed and could not be read again");
      return over;
    }
    settle(left, "skipped", "it changed since it was judged");
    return { kind: "again", loaded: now, left: stillThere(loaded, now, left) };
  }

  async function round(loaded: ReadRegistry, wanted: readonly ExaminedEntry[]): Promise<Round> {
    const burial = prepareBurial(grave, loaded, wanted);
    const left = burial.entries;
    settle(wanted.slice(left.length), "pending", "the tombstones are full; it is reaped when older ones have gone");
    if (left.length === 0) return over;
    bury(host, grave, burial);
    const ids = burial.tombstones.map(({ id }) => id);
    let dead: ReadonlySet<string> | undefined;
    const replaced = await host.replaceJudged(loaded.file, piecesWithout(loaded, left), async () => {
      dead = await lastLook(host, examination, { ...examined, loaded }, left, around);
      return dead?.size === left.length;
    });
    if (replaced.kind === "replaced") {
      for (const [index, { entry }] of left.entries())
        outcomes.set(entry.key, { action: "reaped", tombstone: ids[index], note: replaced.problem });
      return over;
    }
    host.store.exhume(grave.sweepId, ids);
    if (replaced.kind === "changed") return changedFile(loaded, left);
    if (replaced.kind === "failed") settle(left, "failed", replaced.problem);
    else if (dead === undefined) settle(left, "withheld", "its owner came up");
    else {
      settle(left, "skipped", "it came back to life before the swap");
      return { kind: "again", loaded, left: left.filter(({ entry }) => dead?.has(entry.key)) };
    }
    return over;
  }

  let next: Round = { kind: "again", loaded: examined.loaded, left: condemned };
  try {
    for (let attempt = 0; attempt < attempts && next.kind === "again" && next.left.length > 0; attempt += 1) {
      next = await round(next.loaded, next.left);
    }
    if (next.kind === "again") settle(next.left, "skipped", "its file changed again and again");
  } catch (error) {
    const unsettled = condemned.filter(({ entry }) => outcomes.get(entry.key)?.action !== "reaped");
    settle(unsettled, "failed", `no tombstone could be written: ${sayError(error)}`);
  }
  return outcomes;
}

/** Lets the owner release an entry, and believes it only when the entry is gone from the file. */
export async function releaseEntry(host: Host, loaded: ReadRegistry, { entry }: ExaminedEntry): Promise<Outcome> {
  const { release } = loaded.target;
  if (release === undefined || !entry.claim.ok) return undone("withheld", "its owner is up");
  const sessionId = entry.claim.registration.sessionId ?? "";
  const problem = await host.runRelease(release, { "{key}": entry.key, "{sessionId}": sessionId });
  if (problem !== undefined) return undone("failed", `the release command failed: ${problem}`);
  const now = await loadRegistry(host, loaded.target);
  if (now.state !== "read") return undone("failed", `after the release command the registry ${now.problem}`);
  const there = now.entries.find(({ key }) => key === entry.key);
  const newcomer = there?.claim.ok === true && there.claim.registration.sessionId !== entry.claim.registration.sessionId;
  if (there === undefined || newcomer) return done("released");
  return undone("failed", "the release command succeeded, but the entry is still there");
}
