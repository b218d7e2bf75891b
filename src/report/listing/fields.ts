import type { EntryReport } from "../model/sweep.ts";
import type { Act, ActedEntry } from "./history-text.ts";
import { visible } from "../visible.ts";

/** The members of an entry, each of which can be asked for by its name. */
const members = {
  key: true,
  registry: true,
  registryIndex: true,
  format: true,
  sessionId: true,
  identity: true,
  pid: true,
  cwd: true,
  registeredAt: true,
  lastActivityAt: true,
  body: true,
  verdict: true,
  rung: true,
  reason: true,
  detail: true,
  ageMs: true,
  action: true,
  note: true,
  selected: true,
  nextLookAt: true,
  tombstone: true,
  phantomOf: true,
  usedBy: true,
  hostLock: true,
} as const satisfies Readonly<Record<keyof EntryReport, true>>;

export type Field = keyof typeof members;

export const fieldNames = Object.keys(members) as readonly Field[];

/** What was done with an entry, and the act that did it. */
export type DoneRow = Pick<Act, "sweepId" | "at" | "command" | "word"> & ActedEntry;

const doneMembers = {
  sweepId: true,
  at: true,
  command: true,
  word: true,
  registry: true,
  key: true,
  action: true,
  reason: true,
  tombstone: true,
} as const satisfies Readonly<Record<keyof DoneRow, true>>;

export type DoneField = keyof typeof doneMembers;

export const doneFieldNames = Object.keys(doneMembers) as readonly DoneField[];

/** An act as rows, one of each of its entries, in their order. */
export function doneRows({ entries, ...act }: Act): readonly DoneRow[] {
  return entries.map((entry) => ({ ...act, ...entry }));
}

/** A name or a path is whole, however long it is. */
const longest = Number.POSITIVE_INFINITY;

function formatValue(value: unknown): string {
  if (value === undefined || value === null) return "";
  return visible(typeof value === "string" ? value : JSON.stringify(value), longest);
}

/** An entry as a line for other programs: the members that were asked for, with tabs between them, and nothing for null. */
export function fieldLine<Row>(entry: Row, fields: readonly (keyof Row)[]): string {
  return fields.map((name) => formatValue(entry[name])).join("\t");
}

/** The same as an object; a member that the entry has not is left out. */
export function fieldObject<Row>(entry: Row, fields: readonly (keyof Row)[]): Partial<Row> {
  return Object.fromEntries(fields.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]]))) as Partial<Row>;
}
