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
