import { formatMessage } from "../../core/answer.ts";
import { encodeLine, type Tombstone } from "../../core/tombstone.ts";
import type { RevisedEntry } from "../judge/examined.ts";
import type { TombstoneBatch } from "../tombstone-writer.ts";

/** Of an entry that cannot be read nothing but its key is known. */
const unnamed = { sessionId: undefined, identity: undefined, pid: undefined } as const;

/** Returns the line that keeps one condemned entry. */
export function tombstoneLine({ entry, judgement: { reason, detail } }: RevisedEntry, kept: Tombstone["kept"]): string {
  const { sessionId, identity, pid } = entry.claim.ok ? entry.claim.registration : unnamed;
  return encodeLine({ key: entry.key, sessionId, identity, pid, reason, detail: formatMessage(detail), kept });
}

/** Returns the condemned entries for which there was no room. */
export function unwritten<T>(condemned: readonly T[], { entries }: TombstoneBatch<T>): readonly T[] {
  if (entries.length === condemned.length) return [];
  const written = new Set(entries);
  return condemned.filter((one) => !written.has(one));
}
