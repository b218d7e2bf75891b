import type { Host } from "../host/host.ts";
import { sayError } from "../host/observed.ts";
import type { Piece } from "../host/chunks.ts";
import type { KeptMember } from "../host/tombstone-lines.ts";
import { cutsFor, keptSpans } from "../registries/json-cuts.ts";
import type { Action } from "../report/model.ts";
import { bury, noRoom, unburied } from "./burial.ts";
import type { Examination } from "./examine.ts";
import type { Examined, ExaminedEntry } from "./examined.ts";
import { lastLook } from "./last-look.ts";
import { loadRegistry } from "./load.ts";
import { keysOf, type Entry, type MembersRegistry } from "./loaded.ts";
import { settleAll, undone, type Grave, type Outcome, type Outcomes, type Surroundings } from "./outcome.ts";

/** A writer that changes the file between judgement and swap is given way to so many times. */
const attempts = 3;

const indexOf = ({ place }: Entry): number => (place.kind === "member" ? place.index : -1);
const indexesOf = (entries: readonly ExaminedEntry[]): readonly number[] => entries.map(({ entry }) => indexOf(entry));

/** The very bytes of an entry, its key included. */
export function bytesOf({ container, file }: MembersRegistry, entry: Entry): Buffer {
  const index = indexOf(entry);
  return file.bytes.subarray(container.members.start(index), container.members.end(index));
}

/** A longer name, in characters, is not kept in the tombstone of the member behind it: it would be most of it. */
const longestName = 4096;

function nameBefore({ entries }: MembersRegistry, index: number): string | undefined {
  const name = index === 0 ? undefined : entries.keyAt(index - 1);
  return name !== undefined && name.length <= longestName ? name : undefined;
}

/** What each tombstone keeps: the bytes that are cut, and between which others they stood. */
function keptOf(registry: MembersRegistry, condemned: readonly ExaminedEntry[]): readonly KeptMember[] {
  const { target, file, container } = registry;
  const indexes = indexesOf(condemned);
  const pointer = target.format.layout === "members" ? target.format.entries : "";
  return cutsFor(container, indexes).map(({ start, end, form }, at): KeptMember => {
    const index = indexes[at] ?? 0;
    return {
      layout: "members",
      entries: pointer,
      form,
      after: nameBefore(registry, index),
      cut: file.bytes.subarray(start, end).toString("base64"),
      member: { start: container.members.start(index) - start, end: container.members.end(index) - start },
    };
  });
}

function piecesWithout({ container, file }: MembersRegistry, gone: readonly ExaminedEntry[]): readonly Piece[] {
  return keptSpans(file.bytes.length, cutsFor(container, indexesOf(gone)));
}

/** Those of the condemned that stand in the newly read file with the very bytes that were judged, in its order. */
function stillThere(before: MembersRegistry, now: MembersRegistry, condemned: readonly ExaminedEntry[]): readonly ExaminedEntry[] {
  const places = new Map(keysOf(now.entries).map((key, index) => [key, index]));
  const there = condemned.flatMap((one) => {
    const index = places.get(one.entry.key);
    const entry = index === undefined ? undefined : now.entries.at(index);
    const same = entry !== undefined && !entry.duplicate && bytesOf(now, entry).equals(bytesOf(before, one.entry));
    return same ? [{ ...one, entry }] : [];
  });
  return there.toSorted((a, b) => indexOf(a.entry) - indexOf(b.entry));
}

type Round =
  | { readonly kind: "over" }
  | { readonly kind: "again"; readonly loaded: MembersRegistry; readonly left: readonly ExaminedEntry[] };

const over: Round = { kind: "over" };

/**
 * Reaps members of one JSON file in one swap. Tombstones go first; what was not reaped after all loses its own. A
 * writer that changes the file in between is given way to, and what it left as it was judged is tried again.
 */
export async function reapMembers(
  host: Host,
  examination: Examination,
  examined: Examined,
  those: Iterable<ExaminedEntry>,
  grave: Grave,
  around: Surroundings,
): Promise<Outcomes> {
  const condemned = [...those];
  const outcomes = new Map<string, Outcome>();
  const settle = (entries: readonly ExaminedEntry[], action: Action, note: string): void =>
    settleAll(outcomes, entries, undone(action, note));

  async function changedFile(loaded: MembersRegistry, left: readonly ExaminedEntry[]): Promise<Round> {
    const now = await loadRegistry(host, loaded.target);
    if (now.state !== "read" || now.kind !== "members") {
      settle(left, "skipped", "its file changed and could not be read again");
      return over;
    }
    settle(left, "skipped", "it changed since it was judged");
    return { kind: "again", loaded: now, left: stillThere(loaded, now, left) };
  }

  async function round(loaded: MembersRegistry, wanted: readonly ExaminedEntry[]): Promise<Round> {
    const burial = bury(host, grave, loaded, wanted, (entries) => keptOf(loaded, entries));
    const { entries: left, ids } = burial;
    settle(unburied(wanted, burial), "pending", noRoom);
    if (left.length === 0) return over;
    let dead: ReadonlySet<string> | undefined;
    const replaced = await host.replaceJudged(loaded.file, piecesWithout(loaded, left), async () => {
      dead = await lastLook(host, examination, { ...examined, loaded }, left, around);
      return dead?.size === left.length;
    });
    if (replaced.kind === "replaced") {
      for (const [index, { entry }] of left.entries()) {
        outcomes.set(entry.key, { action: "reaped", tombstone: ids[index], note: replaced.problem });
      }
      return over;
    }
    try {
      host.store.exhume(grave.sweepId, ids);
    } catch (error) {
      settle(left, "failed", `it stays, and its tombstone could not be taken back: ${sayError(error)}`);
      return over;
    }
    if (replaced.kind === "changed") return changedFile(loaded, left);
    if (replaced.kind === "failed") settle(left, "failed", replaced.problem);
    else if (dead === undefined) settle(left, "withheld", "its owner came up");
    else {
      settle(left, "skipped", "it came back to life before the swap");
      return { kind: "again", loaded, left: left.filter(({ entry }) => dead?.has(entry.key)) };
    }
    return over;
  }

  if (examined.loaded.kind !== "members") throw new TypeError("a registry with many entries in one file was expected");
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
