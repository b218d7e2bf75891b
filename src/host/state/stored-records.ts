import type { HeldBy, ObservedHolder } from "../../core/agents/observed-holders.ts";
import type { EntryRecord } from "../../core/memory/memory.ts";
import { isMissingOrNumber, isNumber, isText } from "./stored-clocks.ts";

export type StoredRecord = {
  digest: string;
  seenForMs: number;
  clockStepped?: boolean;
  absentSinceMs?: number;
  heartbeatAt?: number;
  unreadBeat?: string;
  longestGapMs?: number;
  stillForMs?: number;
  held?: HeldBy;
};

export function toRecord(stored: StoredRecord): EntryRecord {
  const { digest, seenForMs, absentSinceMs, heartbeatAt, unreadBeat, stillForMs, held } = stored;
  const [clockStepped, longestGapMs] = [stored.clockStepped ?? false, stored.longestGapMs ?? 0];
  return { digest, seenForMs, clockStepped, absentSinceMs, heartbeatAt, unreadBeat, longestGapMs, stillForMs, held };
}

export function fromRecord(record: EntryRecord): StoredRecord {
  const { digest, seenForMs, clockStepped, absentSinceMs, heartbeatAt, unreadBeat, longestGapMs, stillForMs, held } = record;
  return {
    digest,
    seenForMs,
    ...(clockStepped && { clockStepped }),
    ...(absentSinceMs !== undefined && { absentSinceMs }),
    ...(heartbeatAt !== undefined && { heartbeatAt }),
    ...(unreadBeat !== undefined && { unreadBeat }),
    ...(longestGapMs > 0 && { longestGapMs }),
    ...(stillForMs !== undefined && { stillForMs }),
    ...(held !== undefined && { held }),
  };
}

function isHolder(value: unknown): boolean {
  const { pid, uid, ...texts } = (value ?? {}) as Record<keyof ObservedHolder, unknown>;
  const { startTicks, program, bootId, pidNamespace, timeNamespace, host } = texts;
  return (
    isNumber(pid) &&
    isNumber(uid) &&
    [startTicks, program, bootId, pidNamespace, host].every(isText) &&
    (timeNamespace === undefined || isText(timeNamespace))
  );
}

function isHeld(value: unknown): boolean {
  const { as, by } = (value ?? {}) as Record<keyof HeldBy, unknown>;
  return isText(as) && Array.isArray(by) && by.every(isHolder);
}

export function isStoredRecord(value: unknown): boolean {
  const record = (value ?? {}) as Record<keyof StoredRecord, unknown>;
  const { digest, seenForMs, absentSinceMs, heartbeatAt, unreadBeat, longestGapMs, stillForMs, held } = record;
  const isNumbered = isNumber(seenForMs) && [absentSinceMs, heartbeatAt, longestGapMs, stillForMs].every(isMissingOrNumber);
  return isText(digest) && (unreadBeat === undefined || isText(unreadBeat)) && isNumbered && (held === undefined || isHeld(held));
}
