import type { EntryFile } from "../../host/locks/locks.ts";
import type { Entry, ReadRegistry } from "./loaded.ts";

/** The files of those entries that have one of their own, one at a time. */
export function* filesOf(loaded: ReadRegistry, entries: Iterable<Entry>): Generator<EntryFile, undefined> {
  // A symbolic link cannot be locked.
  if (loaded.kind !== "files" || loaded.target.format.body === "link") return;
  for (const { key, place } of entries) if (place.kind === "file") yield { path: `${loaded.realPath}/${key}`, state: place.state };
}
