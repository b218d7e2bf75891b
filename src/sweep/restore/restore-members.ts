import type { Host } from "../../host/host.ts";
import type { Piece } from "../../host/files/chunks.ts";
import type { Tombstone } from "../../core/tombstone.ts";
import type { Span } from "../../registries/json/json-members.ts";
import { putBack, type CutMember } from "../../registries/json/put-back.ts";
import { keysOf, type MembersRegistry } from "../load/loaded.ts";
import { newcomer, otherKind, type RestoreOutcome } from "./restored.ts";

function cutMembers(tombstones: readonly Tombstone[]): readonly CutMember[] {
  return tombstones.flatMap(({ key, kept }) => {
    return kept.layout === "members"
      ? [{ key, form: kept.form, after: kept.after, cut: Buffer.from(kept.cut, "base64"), member: kept.member }]
      : [];
  });
}

type Exchange = Span & { readonly bytes: Buffer };

/** Rows that were changed and stayed, and that still are what they were changed into: those can be changed back. */
function changedRows({ file, container, entries }: MembersRegistry, tombstones: readonly Tombstone[]): ReadonlyMap<Tombstone, Exchange> {
  const places = new Map(keysOf(entries).map((key, index) => [key, index]));
  const changed = new Map<Tombstone, Exchange>();
  for (const tombstone of tombstones) {
    const { key, kept } = tombstone;
    const index = places.get(key);
    if (kept.layout !== "members" || kept.replacedBy === undefined || index === undefined || entries.at(index).duplicate) continue;
    const [start, end] = [container.members.start(index), container.members.end(index)];
    const isOurs = file.bytes.subarray(start, end).equals(Buffer.from(kept.replacedBy, "base64"));
    if (isOurs) changed.set(tombstone, { start, end, bytes: Buffer.from(kept.cut, "base64") });
    places.delete(key);
  }
  return changed;
}

/** A span of the old text with whatever is exchanged inside it. */
function exchanged(part: Span, all: readonly Exchange[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = part.start;
  for (const { start, end, bytes } of all
    .filter((one) => one.start >= part.start && one.end <= part.end)
    .toSorted((a, b) => a.start - b.start)) {
    pieces.push({ start: from, end: start }, bytes);
    from = end;
  }
  return [...pieces, { start: from, end: part.end }];
}

/** Puts members back into a JSON file in one swap. */
export async function restoreMembers(
  host: Host,
  loaded: MembersRegistry,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): Promise<readonly RestoreOutcome[]> {
  const { file, container, entries } = loaded;
  const changed = changedRows(loaded, tombstones);
  const taken = new Set(keysOf(entries));
  const isTaken = ({ key }: Tombstone): boolean => taken.size === taken.add(key).size;
  const outcomes = new Map<Tombstone, RestoreOutcome>(
    tombstones
      .filter((tombstone) => isTaken(tombstone) && !changed.has(tombstone))
      .map((tombstone) => [tombstone, { tombstone, action: "newcomer", detail: newcomer }]),
  );
  for (const tombstone of tombstones) {
    if (tombstone.kept.layout !== "members") outcomes.set(tombstone, { tombstone, action: "failed", detail: otherKind });
  }
  const wanted = tombstones.filter((tombstone) => !outcomes.has(tombstone));
  const outcomesWith = (action: RestoreOutcome["action"], detail: string): readonly RestoreOutcome[] => {
    return tombstones.map((tombstone) => outcomes.get(tombstone) ?? { tombstone, action, detail });
  };
  if (wanted.length === 0 || dryRun) return outcomesWith("would-restore", "");
  const { inside, members } = container;
  const named = keysOf(entries).map((key, index) => ({ key, start: members.start(index), end: members.end(index) }));
  const cut = wanted.filter((tombstone) => !changed.has(tombstone));
  const parts = putBack(file.bytes, { inside, members: named }, cutMembers(cut));
  const pieces = parts.flatMap((part) => (part instanceof Uint8Array ? Buffer.from(part) : exchanged(part, [...changed.values()])));
  const replaced = await host.replaceJudged(file, pieces, () => Promise.resolve(true));
  if (replaced.kind === "replaced") return outcomesWith("restored", "");
  return outcomesWith("failed", replaced.kind === "failed" ? replaced.problem : "its registry changed meanwhile; try again");
}
