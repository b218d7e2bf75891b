import type { FileState } from "../../host/files/file-state.ts";
import type { FoundFile } from "../../host/files/entries/found-files.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { Claim, FilesFormat, FormatBasics } from "../../registries/format.ts";
import { repeatedFieldReader } from "../../registries/json/repeated-fields.ts";
import { entryName } from "../../registries/pattern.ts";
import { fileEntries, type FileEntries } from "./file-entries.ts";
import { missing, tornRetries, type Entry, type Loaded } from "./loaded.ts";
import { sourceOf } from "./load-members.ts";
import { mayBeElsewhere, pidsOf } from "./pids.ts";
import type { Target } from "./target.ts";

type FileFormat = FilesFormat & Pick<FormatBasics, "body" | "fields">;

/** What is in a directory, as far as it could be read: `unread` has, by the entry's key, what of this user's could not be. */
type Place = {
  readonly root: string;
  readonly format: FileFormat;
  readonly unread: Map<string, string>;
  readonly repeatedField: ReturnType<typeof repeatedFieldReader>;
};

/** The state of a file that is not opened; undefined when it has gone, or cannot be looked at, which is told. */
function stateAt(host: LookingHost, { root, unread }: Place, key: string): FileState | undefined {
  const state = host.stateOfEntry(root, key);
  if (state.seen) return state.value;
  unread.set(key, `${key}: ${state.why}`);
  return undefined;
}

function fromContent(host: LookingHost, place: Place, { key, captures }: FoundFile): Entry | undefined {
  const { root, format, unread, repeatedField } = place;
  const read = format.body === "link" ? host.readEntryLink(root, key) : host.readEntryFile(root, key);
  unread.delete(key);
  if (read.kind === "gone") return undefined;
  if (read.kind === "read") {
    const said = format.claim(entryName(key, captures), read.bytes.toString("utf8"));
    const problem = said.ok ? repeatedField(sourceOf(read)) : undefined;
    const claim: Claim = problem === undefined ? said : { ok: false, problem };
    return { key, claim, duplicate: false, place: { kind: "file", state: read.state, bytes: read.bytes } };
  }
  const state = read.state ?? stateAt(host, place, key);
  // Another user's is that user's to see to.
  if (read.failed && state?.uid === host.self().uid) unread.set(key, `${key} ${read.problem}`);
  return state && { key, claim: { ok: false, problem: read.problem }, duplicate: false, place: { kind: "file", state, bytes: undefined } };
}

/** A file is torn for a moment while its writer is at work; one that no writer has touched for so long, in ms, stays so. */
const tornFor = 10_000;

const isFresh = ({ mtimeMs }: FileState, nowMs: number): boolean => Math.abs(nowMs - mtimeMs) < tornFor;

function mayBecomeWhole(entry: Entry | undefined, nowMs: number): boolean {
  if (entry?.place.kind !== "file" || !isFresh(entry.place.state, nowMs)) return false;
  return !entry.claim.ok || entry.claim.torn;
}

function withPids(some: Iterable<number>, others: Iterable<number>): ReadonlySet<number> {
  const pids = new Set(some);
  for (const pid of others) pids.add(pid);
  return pids;
}

/** Indexes of files that were written a moment ago and are torn. */
function tornNow(entries: FileEntries, candidates: readonly number[], nowMs: number): readonly number[] {
  return candidates.filter((index) => mayBecomeWhole(entries.get(index), nowMs));
}

const kinds: Readonly<Record<number, string>> = {
  0o010000: "is a FIFO; name a regular file",
  0o020000: "is a device; name a regular file",
  0o040000: "is a directory; say in `pattern` which files below it are entries",
  0o060000: "is a device; name a regular file",
  0o100000: "is a regular file, no symbolic link; declare it as text-file or json-file",
  0o120000: "is a symbolic link; declare it as symlink, or name the file that it leads to",
  0o140000: "is a socket; name a regular file",
};

/** What stands where a registry has its only file, if it is of another kind. A tombstone's registry names no file. */
function otherKindAt(host: LookingHost, root: string, { patterns }: FileFormat): string | undefined {
  const [only, ...others] = patterns;
  if (only === undefined || only === "" || others.length > 0 || /[*<]/.test(only)) return undefined;
  const state = host.stateOfEntry(root, only);
  return state.seen && state.value !== undefined ? kinds[state.value.mode & 0o170000] : undefined;
}

/** A pid and its start in JSON, or a session's id, have room in so many bytes. More of them may say where the pid is counted. */
const markerSize = 44;

/**
 * Reads a directory with one file an entry. Where the name is enough, a small file whose pid is not among the living is not
 * opened: what it says cannot matter. Torn files are read again a few times, for writers rewrite in place.
 */
export async function loadFiles(host: LookingHost, target: Target, format: FileFormat): Promise<Loaded> {
  const listing = host.listDirectory(target.path, format.patterns, format.body === "link" ? "link" : "file");
  const isOwn = listing.kind === "listed" ? Number(listing.stat.uid) === host.self().uid : listing.kind === "unreadable" && listing.hangs;
  const isAnothers = target.seenFromHere === true && isOwn !== true;
  if (listing.kind === "missing" || isAnothers) return missing(target);
  if (listing.kind === "unreadable") return { state: "unreadable", target, problem: `${listing.problem}; ${listing.cure}` };
  const { realPath, stat, files, quarantined, problems, passedOver } = listing;
  const otherKind = files.length === 0 ? otherKindAt(host, realPath, format) : undefined;
  if (otherKind !== undefined) return { state: "unreadable", target, problem: `${format.patterns[0]} ${otherKind}` };
  const living = format.nameIsEnough ? host.livingPids() : undefined;
  const { wallMs } = host.clock();
  const nowMs = wallMs.seen ? wallMs.value : 0;
  const entries = fileEntries(format, files);
  const place = { root: realPath, format, unread: new Map<string, string>(), repeatedField: repeatedFieldReader(format.fields) };
  const young: number[] = [];
  for (let index = 0; index < files.length; index += 1) {
    const file = files.at(index) as FoundFile;
    const { pid } = entryName(file.key, file.captures);
    const isOpened = living === undefined || pid === undefined || living.has(pid);
    const state = isOpened ? undefined : stateAt(host, place, file.key);
    if (isOpened || (state !== undefined && state.size > markerSize)) {
      entries.setRead(index, fromContent(host, place, file));
      young.push(index);
    } else {
      if (state === undefined) continue;
      entries.setNamed(index, state);
      if (state.size === 0 && isFresh(state, nowMs)) young.push(index);
    }
  }
  let left = tornNow(entries, young, nowMs);
  for (let attempt = 1; attempt < tornRetries.attempts && left.length > 0; attempt += 1) {
    await host.sleep(tornRetries.pauseMs);
    for (const index of left) entries.setRead(index, fromContent(host, place, files.at(index) as FoundFile));
    left = tornNow(entries, left, nowMs);
  }
  const opened = entries.opened();
  const here = host.here();
  return {
    state: "read",
    kind: "files",
    target,
    realPath,
    stat,
    quarantined,
    passedOver,
    problems: [...problems, ...place.unread.values()],
    entries: entries.found(),
    opened,
    pids: withPids(entries.namedPids(), pidsOf(opened, here)),
    elsewhere: opened.some(({ claim }) => claim.ok && mayBeElsewhere(claim.registration, here)),
  };
}
