import { claimNothing } from "../core/registration.ts";
import { isSameBoot, startTokenOf } from "../core/identity/tokens.ts";
import type { Claim } from "./format.ts";
import { pointerParts } from "./json/json-bytes.ts";
import { readers, type FieldName } from "./field-readers.ts";

export type FieldMap = Readonly<Partial<Record<FieldName, string>>>;

/** Members by name, or by JSON pointer, with the values for which their writer keeps an entry that claims nothing. */
export type KeepWhen = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function formatValue(value: unknown): string {
  const said = JSON.stringify(value) ?? String(value);
  return said.length > 40 ? `${said.slice(0, 39)}…` : said;
}

/** The same value, with null at the place that these names lead to from member to member. */
function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return null;
  if (!isRecord(value) || !Object.hasOwn(value, name)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, key === name ? without(part, rest) : part]));
}

/** Text that stays the same while an entry does, the value of its heartbeat aside. A member of that name elsewhere is no heartbeat. */
function identityTextOf(value: unknown, heartbeat: string | undefined): string {
  if (heartbeat === undefined || heartbeat === keyItself || heartbeat === valueItself) return JSON.stringify(value);
  return JSON.stringify(without(value, heartbeat.startsWith("/") ? pointerParts(heartbeat) : [heartbeat]));
}

/** Instead of a member a field may name the name under which the entry stands, or the entry itself where it is a number or a text. */
export const [keyItself, valueItself] = ["<key>", "<value>"] as const;

/** The value that a field names: a member, or, with a leading slash, a JSON pointer to a deeper one. */
export function valueAt(value: unknown, name: string, key?: string): unknown {
  if (name === keyItself) return key ?? name;
  if (name === valueItself) return isRecord(value) || Array.isArray(value) ? undefined : value;
  if (!isRecord(value)) return undefined;
  if (!name.startsWith("/")) return Object.hasOwn(value, name) ? value[name] : undefined;
  return pointerParts(name).reduce<unknown>((at, part) => (isRecord(at) && Object.hasOwn(at, part) ? at[part] : undefined), value);
}

type Claimed = ReturnType<typeof claimNothing>;

/** A token that says its boot, too, gives the entry a boot id. Where the entry has another one, neither is believed. */
function addTokenBoot(claimed: Claimed, token: unknown): void {
  const bootId = typeof token === "string" && token.includes(":") ? startTokenOf(token)?.bootId : undefined;
  if (bootId === undefined) return;
  const isContradiction = claimed.bootId !== undefined && isSameBoot(claimed.bootId, bootId) !== true;
  claimed.bootId = isContradiction ? undefined : bootId;
  if (isContradiction) claimed.startTicks = undefined;
}

const isTime = (field: FieldName): boolean => field === "registeredAt" || field === "lastActivityAt" || field === "lastHeartbeatAt";

/** How writers say that there was no such time yet. */
const noTimes: ReadonlySet<unknown> = new Set(["", 0]);

/** The fields by which an entry claims a session, a process, a name or a terminal. */
const claiming = ["sessionId", "pid", "identity", "tmuxSession", "tmuxPane"] as const;

/** Why an entry claims nothing: it has none of the members by which its registry knows a claim. */
function unknownClaim(key: string, value: unknown, fields: FieldMap): string | undefined {
  const isClaimed = claiming.some((field) => fields[field] !== undefined && valueAt(value, fields[field], key) !== undefined);
  if (isClaimed) return undefined;
  const wanted = claiming.flatMap((field) => fields[field] ?? []);
  return wanted.length === 0
    ? "its fields name no session, pid or identity"
    : `has no ${wanted.map((member) => `"${member}"`).join(" and no ")}`;
}

/**
 * Reads an entry by a map of its members. `null` and a missing member both mean that nothing was claimed; `identity` is
 * what the agent is called where no member says so.
 */
export function claimFrom(key: string, value: unknown, fields: FieldMap, identity?: string): Claim {
  const isBare = (typeof value === "string" || typeof value === "number") && Object.values(fields).includes(valueItself);
  if (!isBare && !isRecord(value))
    return { ok: false, problem: `is ${Array.isArray(value) ? "an array" : formatValue(value)}, not an object` };
  const claimed = claimNothing(key);
  // An empty key is no agent name.
  claimed.identity = identity === "" ? undefined : identity;
  for (const [field, member] of Object.entries(fields) as [FieldName, string][]) {
    const given = valueAt(value, member, key);
    if (given === undefined || given === null) continue;
    const result = readers[field](given);
    if (typeof result === "object") return { ok: false, problem: `"${member}" is ${formatValue(given)}, not ${result.wanted}` };
    (claimed as Record<FieldName, unknown>)[field] = result;
    if (result === undefined && isTime(field) && !noTimes.has(given)) claimed.hasUnreadTime = true;
  }
  if (fields.startTicks !== undefined && claimed.startTicks !== undefined) addTokenBoot(claimed, valueAt(value, fields.startTicks, key));
  const identityText = (): string => identityTextOf(value, fields.lastHeartbeatAt);
  const beat =
    fields.lastHeartbeatAt === undefined || claimed.lastHeartbeatAt !== undefined ? undefined : valueAt(value, fields.lastHeartbeatAt, key);
  const unread = beat === undefined || beat === null ? undefined : { unreadBeat: JSON.stringify(beat) };
  return { ok: true, registration: claimed, identityText, torn: false, ...unread };
}

/** The same, of an entry that nothing but its own words shows to be one: where it has none that its map knows, it is none. */
export function knownClaimFrom(key: string, value: unknown, fields: FieldMap): Claim {
  const claim = claimFrom(key, value, fields);
  const problem = claim.ok ? unknownClaim(key, value, fields) : undefined;
  return problem === undefined ? claim : { ok: false, problem };
}
