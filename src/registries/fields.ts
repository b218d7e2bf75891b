import type { Registration } from "../core/registration.ts";
import { claimNothing } from "../core/registration.ts";
import { isSameBoot, startTokenOf, canonicalBootId } from "../core/identity/tokens.ts";
import type { Claim } from "./format.ts";
import { pointerParts } from "./json/json-bytes.ts";
import { parseTime } from "./times.ts";

/** What a member can carry, and under which name it is found in an entry. */
export type FieldName =
  | "sessionId"
  | "identity"
  | "pid"
  | "startTicks"
  | "bootId"
  | "host"
  | "machineId"
  | "pidNamespace"
  | "registeredAt"
  | "lastActivityAt"
  | "lastHeartbeatAt"
  | "master"
  | "cwd"
  | "releasedAt"
  | "releaseReason"
  | "automatic"
  | "subprocessId"
  | "tmuxSession"
  | "tmuxPane"
  | "tmuxSocket";

export type FieldMap = Readonly<Partial<Record<FieldName, string>>>;

/** Members by name, or by JSON pointer, with the values for which their writer keeps an entry that claims nothing. */
export type KeepWhen = Readonly<Record<string, readonly (string | number | boolean | null)[]>>;

/** Linux hands out pids up to 2^22; a larger one is a writer's mistake. */
export const largestPid = 4_194_304;

type Read = Exclude<Registration[FieldName], object>;
type Wrong = { readonly wanted: string };

/** What a value says, or what it should have been. Run for every field of every entry: nothing is wrapped. */
type Reader = (value: unknown) => Read | Wrong;

const wrong = (wanted: string): Wrong => ({ wanted });

const text: Reader = (value) => (typeof value === "string" && value !== "" ? value : wrong("a string that is not empty"));
/** A string or number that is no time is no evidence; any other type is a mistake. */
const time: Reader = (value) => (typeof value === "string" || typeof value === "number" ? parseTime(value) : wrong("a time"));
const flag: Reader = (value) => (typeof value === "boolean" || value === 0 || value === 1 ? Boolean(value) : wrong("true or false"));

/** A row that says when it was released has been released, in any spelling; empty, 0 and false mean that it was not. */
const release: Reader = (value) => (value === false || value === "" || value === 0 ? undefined : (parseTime(value) ?? Number.NaN));
/** A marker that is there in any form marks: only a row without one is known to be a fresh start. */
const marker: Reader = (value) => value !== false && value !== 0 && value !== "";
const note: Reader = (value) => (typeof value === "string" ? value : undefined);
/** An empty text names no place. */
const place: Reader = (value) => (value === "" ? undefined : id(value));
const id: Reader = (value) => (typeof value === "number" ? String(value) : text(value));

/** How writers say that there is no pid: the daemon between two workers, a lock that was given back. */
const noPids: ReadonlySet<unknown> = new Set([0, -1, "", "0", "-1"]);

/** A number, or its digits as text. */
const pid: Reader = (value) => {
  if (noPids.has(value)) return undefined;
  const said = typeof value === "string" && /^[1-9]\d*$/.test(value) ? Number(value) : value;
  return typeof said === "number" && Number.isInteger(said) && said >= 1 && said <= largestPid
    ? said
    : wrong(`a whole number from 1 to ${largestPid}`);
};

/** A token in another form (an `lstart` date, a fraction, zero) is none. */
const ticks: Reader = (value) =>
  typeof value === "string" || typeof value === "number" ? startTokenOf(value)?.ticks : wrong("a number of clock ticks");

/** A boot id in another form (the time of a boot, a name) is none. */
const boot: Reader = (value) => (typeof value === "string" ? canonicalBootId(value) : undefined);

/** The inode of a pid namespace, alone or as `/proc/PID/ns/pid` spells it. Text in another form names one that is not ours. */
const namespace: Reader = (value) => {
  const said = id(value);
  return typeof said === "string" ? (/^(?:pid:)?\[?(\d+)\]?$/.exec(said.trim())?.[1] ?? said) : said;
};

const readers = {
  sessionId: text,
  identity: text,
  pid,
  startTicks: ticks,
  bootId: boot,
  host: text,
  machineId: text,
  pidNamespace: namespace,
  registeredAt: time,
  lastActivityAt: time,
  lastHeartbeatAt: time,
  master: flag,
  cwd: text,
  releasedAt: release,
  releaseReason: note,
  automatic: marker,
  subprocessId: id,
  tmuxSession: place,
  tmuxPane: place,
  tmuxSocket: place,
} satisfies Record<FieldName, Reader>;

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

/** The fields by which an entry claims a session, a process, a name or a terminal. */
const claiming = ["sessionId", "pid", "identity", "tmuxSession", "tmuxPane"] as const;

/** Why an entry claims nothing: it has none of the members by which its registry knows a claim. */
function unknownClaim(key: string, value: unknown, fields: FieldMap): string | undefined {
  const wanted = claiming.flatMap((field) => fields[field] ?? []);
  if (wanted.some((member) => valueAt(value, member, key) !== undefined)) return undefined;
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
  }
  if (fields.startTicks !== undefined && claimed.startTicks !== undefined) addTokenBoot(claimed, valueAt(value, fields.startTicks, key));
  const identityText = (): string => identityTextOf(value, fields.lastHeartbeatAt);
  const beat =
    fields.lastHeartbeatAt === undefined || claimed.lastHeartbeatAt !== undefined ? undefined : valueAt(value, fields.lastHeartbeatAt, key);
  const unread = beat === undefined || beat === null ? undefined : { unreadBeat: JSON.stringify(beat) };
  return { ok: true, registration: claimed, identityText, torn: false, ...unread };
}

/** Whether a member's value says what its field asks for; one in another form says nothing, or makes its entry malformed. */
export function isUnderstood(field: FieldName, value: unknown): boolean {
  const result = value === null ? undefined : readers[field](value);
  return result !== undefined && typeof result !== "object";
}

/** The same, of an entry that nothing but its own words shows to be one: where it has none that its map knows, it is none. */
export function knownClaimFrom(key: string, value: unknown, fields: FieldMap): Claim {
  const claim = claimFrom(key, value, fields);
  const problem = claim.ok ? unknownClaim(key, value, fields) : undefined;
  return problem === undefined ? claim : { ok: false, problem };
}
