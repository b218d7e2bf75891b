import type { Registration } from "../core/registration.ts";
import { startTokenOf, canonicalBootId } from "../core/identity/tokens.ts";
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

/** A number, or its digits as text, with blanks or a line end around them. */
const pid: Reader = (value) => {
  const written = typeof value === "string" ? value.trim() : value;
  if (noPids.has(written)) return undefined;
  const said = typeof written === "string" && /^[1-9]\d*$/.test(written) ? Number(written) : written;
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

export const readers = {
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

/** Whether a member's value says what its field asks for; one in another form says nothing, or makes its entry malformed. */
export function isUnderstood(field: FieldName, value: unknown): boolean {
  const result = value === null ? undefined : readers[field](value);
  return result !== undefined && typeof result !== "object";
}
