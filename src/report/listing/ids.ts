import type { EntryReport, RegistryTitle } from "../model/sweep.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A UUID is called by its first part, or by as many as tell it from others. */
const uuidLengths = [8, 13, 18, 23, 36];

/** What a file is called: its name without what comes behind the last dot. */
export function stemOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1).replace(/(?<=.)\.[^.]*$/, "");
}

/** Shortens the UUIDs among names, to as few letters as tell them apart. */
export function shortNames(names: Iterable<string>): (name: string) => string {
  const uuids = new Set([...names].filter((name) => uuid.test(name)));
  const length = uuidLengths.find((cells) => new Set([...uuids].map((name) => name.slice(0, cells))).size === uuids.size);
  return (name) => (uuid.test(name) ? name.slice(0, length) : name);
}

/** Names the entries of a table: in as few letters as tell their UUIDs apart, and each can be typed. */
export function idsIn(
  entries: Iterable<EntryReport>,
  titleOf: (entry: EntryReport) => RegistryTitle | undefined,
): (entry: EntryReport) => string {
  const nameOf = (entry: EntryReport): string => (titleOf(entry)?.isFiles === true ? stemOf(entry.key) : entry.key);
  const shorten = shortNames([...entries].map(nameOf));
  return (entry) => shorten(nameOf(entry));
}
