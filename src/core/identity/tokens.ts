import { tickMs } from "../clocks/ticks.ts";
import type { Clock } from "../evidence.ts";

/**
 * What tells one process from another that has its pid: the boot in which it started, and the clock ticks since that boot.
 * Only what has the form of such a token is one; anything else proves nothing.
 */

const uuid = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;
const usualSpelling = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A writer that could not read a boot id may leave zeros in its place. */
const nil = "00000000-0000-0000-0000-000000000000";

/** A boot id as the kernel spells it: a UUID with or without hyphens, in either case. Undefined for any other text. */
export function canonicalBootId(text: string): string | undefined {
  const parts = usualSpelling.test(text) ? undefined : uuid.exec(text.trim());
  if (parts === null) return undefined;
  const id = parts === undefined ? text : parts.slice(1).join("-").toLowerCase();
  return id === nil ? undefined : id;
}

/** Whether two boot ids name one boot; undefined where one of them is no boot id. */
export function isSameBoot(one: string | undefined, other: string | undefined): boolean | undefined {
  if (one === undefined || other === undefined) return undefined;
  const [first, second] = [canonicalBootId(one), canonicalBootId(other)];
  return first === undefined || second === undefined ? undefined : first === second;
}

/** When a process started: clock ticks since boot, in decimal digits, and the boot where the token says it, too. */
export type StartToken = { readonly ticks: string; readonly bootId: string | undefined };

const digits = /^(?:([0-9a-f-]{32,36}):)?0*([1-9]\d{0,18})$/i;

/**
 * Reads a start token: a whole number of ticks, 1 or more, as a number or as digits, alone or as `<boot id>:<ticks>` (Qwen
 * Code). A date, a fraction and zero, which a writer leaves that could not read the start, are none.
 */
export function startTokenOf(value: unknown): StartToken | undefined {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && value >= 1 ? { ticks: String(value), bootId: undefined } : undefined;
  }
  const [, boot, ticks] = typeof value === "string" ? (digits.exec(value.trim()) ?? []) : [];
  if (ticks === undefined) return undefined;
  const bootId = boot === undefined ? undefined : canonicalBootId(boot);
  return boot !== undefined && bootId === undefined ? undefined : { ticks, bootId };
}

/** Seconds, milliseconds, microseconds, the 100 ns of Windows and nanoseconds, in ms. */
const otherUnitsMs = [1000, 1, 1e-3, 1e-4, 1e-6] as const;
/** A start that is said in whole seconds, or read by the process itself, can be so far from the kernel's, in ms. */
const roundingMs = 2_000;
/** A wall clock that is slewed, or was set a little, is so far from what it said at the start. */
const slewMs = 60_000;
/** The clock of Windows counts from 1601: the time from there to 1970, in ms. */
const windowsMs = 11_644_473_600_000;

/**
 * Whether a whole number says the start of this very process in another unit than ticks, counted from its boot, from 1970 or
 * from 1601; or whether that could not be told. Of a start in the first minute of a boot too little is left to tell by.
 */
export function saysStartOtherwise(token: string, startTicks: string, { wallMs, bootMs }: Clock): boolean {
  if (!wallMs.seen || !bootMs.seen) return true;
  const startMs = Number(startTicks) * tickMs;
  const startedAt = wallMs.value - bootMs.value + startMs;
  return otherUnitsMs.some((unitMs) => {
    const saidMs = Number(token) * unitMs;
    const isSinceBoot = startMs >= slewMs && Math.abs(saidMs - startMs) <= roundingMs;
    return isSinceBoot || [0, windowsMs].some((before1970) => Math.abs(saidMs - before1970 - startedAt) <= slewMs);
  });
}
