import type { Host } from "../host/host.ts";
import type { Tombstone } from "../host/tombstones.ts";
import { putBack, type CutMember } from "../registries/put-back.ts";
import type { MembersRegistry } from "./loaded.ts";
import { newcomer, type RestoreOutcome } from "./restored.ts";

function cutMembers(tombstones: readonly Tombstone[]): readonly CutMember[] {
  return tombstones.flatMap(({ key, kept }) => {
    return kept.layout === "members"
      ? [{ key, form: kept.form, after: kept.after, cut: Buffer.from(kept.cut, "base64"), member: kept.member }]
      : [];
  });
}

/** Puts members back into a JSON file in one swap. */
export async function restoreMembers(
  host: Host,
  loaded: MembersRegistry,
  tombstones: readonly Tombstone[],
  dryRun: boolean,
): Promise<readonly RestoreOutcome[]> {
  const { file, container, entries } = loaded;
  const taken = new Set(Array.from(entries, ({ key }) => key));
  const isTaken = ({ key }: Tombstone): boolean => taken.size === taken.add(key).size;
  const outcomes = new Map<Tombstone, RestoreOutcome>(
    tombstones.filter(isTaken).map((tombstone) => [tombstone, { tombstone, action: "newcomer", detail: newcomer }]),
  );
  const wanted = tombstones.filter((tombstone) => !outcomes.has(tombstone));
  const settle = (action: RestoreOutcome["action"], detail: string): readonly RestoreOutcome[] => {
    return tombstones.map((tombstone) => outcomes.get(tombstone) ?? { tombstone, action, detail });
  };
  if (wanted.length === 0 || dryRun) return settle("would-restore", "");
  const { inside, members } = container;
  const named = Array.from(entries, ({ key }, index) => ({ key, start: members.start(index), end: members.end(index) }));
  const parts = putBack(file.bytes, { inside, members: named }, cutMembers(wanted));
  const pieces = parts.map((part) => (part instanceof Uint8Array ? Buffer.from(part) : part));
  const replaced = await host.replaceJudged(file, pieces, () => Promise.resolve(true));
  if (replaced.kind === "replaced") return settle("restored", "");
  return settle("failed", replaced.kind === "failed" ? replaced.problem : "its registry changed meanwhile; try again");
}
