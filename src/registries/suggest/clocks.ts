import { parseTime } from "../times.ts";
import { keyItself, valueItself } from "../fields.ts";
import { saidBy, type Member } from "./members.ts";
import type { Guess } from "./pids.ts";
import type { Finding, Surroundings } from "./specimen.ts";

const expiries = /expir|until|deadline|ttl|next|valid/;
const ends = /releas|ended|^end|stopp|closed|finish|exit|complet|disconnect/;
const beats = /heartbeat|beat|seen|alive|renew|ping|refresh|poll/;
const activities = /updat|activ|modif|used|access|last|touch|saved|verb|event/;
const starts = /start|creat|regist|since|acquir|open|began|begin|launch|spawn|lock|connect|time$|timestamp|date|^at$|^ts$/;

type TimeField = "registeredAt" | "lastActivityAt" | "lastHeartbeatAt" | "releasedAt";

function fieldOf(name: string): TimeField | undefined {
  if (expiries.test(name)) return undefined;
  if (ends.test(name)) return "releasedAt";
  if (beats.test(name)) return "lastHeartbeatAt";
  if (activities.test(name)) return "lastActivityAt";
  return starts.test(name) ? "registeredAt" : undefined;
}

const purpose = {
  registeredAt: "when the entry was made",
  lastActivityAt: "when something was done last",
  lastHeartbeatAt: "a heartbeat",
  releasedAt: "when it ended",
} as const satisfies Record<TimeField, string>;

const units = (value: unknown): string => {
  if (typeof value === "string") return "an ISO time";
  const digits = typeof value === "number" ? Math.floor(value).toString().length : 0;
  return digits <= 10 ? "in epoch seconds" : digits <= 13 ? "in epoch milliseconds" : "in epoch microseconds";
};

/** A file is written in one go with the times in it, in so many ms. */
const sameMs = 10_000;

function timeGuess(member: Member, { nowMs }: Surroundings): Guess | undefined {
  const field = fieldOf(member.name);
  const given = saidBy(member);
  if (field === undefined || (given.length === 0 && (field !== "releasedAt" || member.given.every(({ value }) => value !== null))))
    return undefined;
  if (field === "releasedAt" && member.member.startsWith("/")) return undefined;
  const times = given.map(({ value, sample }) => ({ at: parseTime(value), sample }));
  if (times.some(({ at }) => at === undefined)) return undefined;
  const first = given[0]?.value;
  const isFuture = nowMs !== undefined && times.some(({ at }) => (at as number) > nowMs + sameMs);
  const isWritten = times.some(({ at, sample: { writtenMs } }) => writtenMs !== undefined && Math.abs((at as number) - writtenMs) < sameMs);
  const form = first === undefined ? "null so far" : units(first);
  const borne = isFuture ? "; it lies in the future" : isWritten ? "; its file was written then" : "";
  return {
    field,
    member: member.member,
    why: `by its name it is ${purpose[field]}, ${form}${borne}`,
    sure: !isFuture && isWritten,
    rank: (member.member.startsWith("/") ? 0 : 2) + (isWritten ? 1 : 0),
  };
}

/** Times by their names, the best guess of each kind first. */
export function timeGuesses(members: readonly Member[], around: Surroundings): readonly Guess[] {
  return members.flatMap((member) => timeGuess(member, around) ?? []).toSorted((a, b) => b.rank - a.rank);
}

/** Members that are called times and are in a form that says nothing. */
export function unreadTimes(members: readonly Member[]): readonly string[] {
  return members.flatMap((member) => {
    const given = saidBy(member).map(({ value }) => value);
    if (member.member === keyItself || member.member === valueItself || !/(?:at|time|timestamp|date|since)$/.test(member.name)) return [];
    const bad = given.find((value) => (typeof value === "string" || typeof value === "number") && parseTime(value) === undefined);
    if (bad === undefined || fieldOf(member.name) === undefined) return [];
    const text = JSON.stringify(bad);
    return [
      `"${member.member}" is called a time, but ${text.length > 40 ? `${text.slice(0, 39)}…` : text} is none that is understood: left out`,
    ];
  });
}

const states = /^(?:status|state|phase)$/;
const over =
  /^(?:stopped|completed?|done|finished|exited|ended|closed|terminated|released|inactive|failed|cancell?ed|killed|dead|archived)$/i;

/** What an entry says that is over and stays: its values are those for which it claims nothing. */
export function keptGuess(members: readonly Member[]): (Finding & { readonly values: readonly string[] }) | undefined {
  for (const member of members) {
    if (!states.test(member.name)) continue;
    const values = [...new Set(saidBy(member).flatMap(({ value }) => (typeof value === "string" && over.test(value) ? [value] : [])))];
    if (values.length === 0) continue;
    return { field: "keepWhen", member: member.member, values, why: `it says ${values.join(", ")} of entries that stay`, sure: false };
  }
  return undefined;
}
