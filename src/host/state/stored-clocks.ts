import { unwatched, type Settling } from "../../core/clocks/settling.ts";
import { noSleepKnown, type SleepRecord } from "../../core/clocks/sleep.ts";
import type { Sleep } from "../../core/evidence.ts";

/** What is remembered of the machine's clocks, as it stands in the file. */
export type StoredSleep = { bootId?: string; ms: number; atMs?: number; sleeps: readonly Sleep[] };
export type StoredSettling = { watchedMs: number; settledAtMs?: number };

export function toSleep(stored: StoredSleep | undefined): SleepRecord {
  return stored === undefined ? noSleepKnown : { bootId: stored.bootId, ms: stored.ms, atMs: stored.atMs, sleeps: stored.sleeps };
}

export function toSettling(stored: StoredSettling | undefined): Settling {
  return stored === undefined ? unwatched : { watchedMs: stored.watchedMs, settledAtMs: stored.settledAtMs };
}

export function fromSleep({ bootId, ms, atMs, sleeps }: SleepRecord): StoredSleep {
  return { ...(bootId !== undefined && { bootId }), ms, ...(atMs !== undefined && { atMs }), sleeps };
}

export function fromSettling({ watchedMs, settledAtMs }: Settling): StoredSettling {
  return { watchedMs, ...(settledAtMs !== undefined && { settledAtMs }) };
}

export const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
export const isMissingOrNumber = (value: unknown): boolean => value === undefined || isNumber(value);
export const isText = (value: unknown): boolean => typeof value === "string";

function isSleep(value: unknown): boolean {
  const { fromMs, untilMs, ms } = (value ?? {}) as Record<keyof Sleep, unknown>;
  return [fromMs, untilMs, ms].every(isNumber);
}

export function isSleepRecord(value: unknown): boolean {
  const { bootId, ms, atMs, sleeps } = (value ?? {}) as Record<keyof StoredSleep, unknown>;
  const isDated = (bootId === undefined || isText(bootId)) && isNumber(ms) && isMissingOrNumber(atMs);
  return isDated && Array.isArray(sleeps) && sleeps.every(isSleep);
}

export function isSettling(value: unknown): boolean {
  const { watchedMs, settledAtMs } = (value ?? {}) as Record<keyof StoredSettling, unknown>;
  return isNumber(watchedMs) && isMissingOrNumber(settledAtMs);
}
