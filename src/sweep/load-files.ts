import type { FoundFile } from "../host/directory.ts";
import type { Host } from "../host/host.ts";
import type { FilesFormat } from "../registries/format.ts";
import { entryName } from "../registries/pattern.ts";
import { entryList, missing, torn, type Entry, type Loaded } from "./loaded.ts";
import { pidsOf } from "./pids.ts";
import type { Target } from "./target.ts";

/** What a file's name says, without opening it; undefined when it has gone. */
function fromName(host: Host, root: string, format: FilesFormat, { key, captures }: FoundFile): Entry | undefined {
  const state = host.stateOfEntry(root, key);
  if (state === undefined) return undefined;
  const claim = format.claim(entryName(key, captures), state.size === 0 ? "" : undefined);
  return { key, claim, duplicate: false, place: { kind: "file", state, bytes: undefined } };
}

function fromContent(host: Host, root: string, format: FilesFormat, { key, captures }: FoundFile): Entry | undefined {
  const read = host.readEntryFile(root, key);
  if (read.kind === "gone") return undefined;
  if (read.kind === "read") {
    const claim = format.claim(entryName(key, captures), read.bytes.toString("utf8"));
    return { key, claim, duplicate: false, place: { kind: "file", state: read.state, bytes: read.bytes } };
  }
  const state = read.state ?? host.stateOfEntry(root, key);
  return state && { key, claim: { ok: false, problem: read.problem }, duplicate: false, place: { kind: "file", state, bytes: undefined } };
}

/** A file is torn for a moment while its writer is at work; one that nobody has touched for so long, in ms, stays so. */
const tornFor = 10_000;

function mayBecomeWhole(entry: Entry | undefined, nowMs: number): boolean {
  if (entry?.place.kind !== "file" || (entry.claim.ok && !entry.claim.torn)) return false;
  return Math.abs(nowMs - entry.place.state.mtimeMs) < tornFor;
}

/**
 * Reads a directory with one file an entry. Where the name is enough, a file whose pid is not among the living is not
 * opened: what it says cannot matter. Torn files are read again a few times, for writers rewrite in place.
 */
export async function loadFiles(host: Host, target: Target, format: FilesFormat): Promise<Loaded> {
  const listing = host.listDirectory(target.path, format.patterns);
  if (listing.kind === "missing") return missing(target);
  if (listing.kind === "unreadable") return { state: "unreadable", target, problem: `${listing.problem}; ${listing.cure}` };
  const { realPath, stat, files, aside, problems } = listing;
  const living = format.nameIsEnough ? host.livingPids() : undefined;
  const entries = files.map((file): Entry | undefined => {
    const pid = entryName(file.key, file.captures).pid;
    const isDead = living !== undefined && pid !== undefined && !living.has(pid);
    return isDead ? fromName(host, realPath, format, file) : fromContent(host, realPath, format, file);
  });
  const { wallMs } = host.clock();
  const nowMs = wallMs.seen ? wallMs.value : 0;
  for (let attempt = 1; attempt < torn.attempts && entries.some((entry) => mayBecomeWhole(entry, nowMs)); attempt += 1) {
    await host.sleep(torn.pauseMs);
    for (const [index, file] of files.entries()) {
      if (mayBecomeWhole(entries[index], nowMs)) entries[index] = fromContent(host, realPath, format, file);
    }
  }
  const found = entries.filter((entry) => entry !== undefined);
  return {
    state: "read",
    kind: "files",
    target,
    realPath,
    stat,
    aside,
    problems,
    entries: entryList(found),
    pids: pidsOf(found, host.here().hostname),
  };
}
