import { isAscii } from "node:buffer";
import type { ReadFile } from "../../host/files/files.ts";
import type { Here } from "../../core/evidence.ts";
import type { LookingHost } from "../../host/looking-host.ts";
import type { Container } from "../../registries/json/json-bytes.ts";
import { findMembers } from "../../registries/json/json-lines.ts";
import type { SourceText } from "../../registries/json/json-members.ts";
import { placeOf } from "../../registries/json/text-faults.ts";
import { missing, tornRetries, type Entries, type Loaded } from "./loaded.ts";
import { claimReader, keyReader, memberEntries, type MembersShape } from "./member-entries.ts";
import { addPids, mayBeElsewhere } from "./pids.ts";
import type { Target } from "./target.ts";

type Parsed =
  | {
      readonly ok: true;
      readonly container: Container;
      readonly entries: Entries;
      readonly pids: ReadonlySet<number>;
      readonly elsewhere: boolean;
    }
  | { readonly ok: false; readonly problem: string };

const isDatabase = ({ bytes }: ReadFile): boolean => bytes.toString("latin1", 0, 16) === "SQLite format 3\0";

/** A file's bytes, and how to make text of them. */
export function sourceOf({ bytes }: Pick<ReadFile, "bytes">): SourceText {
  // Most registries are ASCII, which takes a third less time to decode as Latin-1.
  const encoding = isAscii(bytes) ? "latin1" : "utf8";
  return { bytes, text: (start, end) => bytes.toString(encoding, start, end) };
}

function parse(format: MembersShape, { bytes }: ReadFile, here: Here): Parsed {
  const source = sourceOf({ bytes });
  const result = findMembers(source, format);
  if (!result.ok) return { ok: false, problem: `${result.problem} (${placeOf(bytes, result.offset)})` };
  const { container } = result;
  if (container.kind !== format.container) return { ok: false, problem: `it holds an ${container.kind}, not an ${format.container}` };
  const keyAt = keyReader(source, container);
  const claimAt = claimReader(source, container, keyAt, format);
  const pids = new Set<number>();
  let elsewhere = false;
  for (let index = 0; format.recordsPids && index < container.members.length; index += 1) {
    const claim = claimAt(index);
    addPids(pids, claim, here);
    elsewhere ||= claim.ok && mayBeElsewhere(claim.registration, here);
  }
  return { ok: true, container, pids, elsewhere, entries: memberEntries(source, container, keyAt, claimAt) };
}

/**
 * Reads one file with many entries. Writers rewrite in place, so a torn text is read again a few times; one that
 * cannot be understood is never taken for an empty one.
 */
export async function loadMembers(host: LookingHost, target: Target, format: MembersShape): Promise<Loaded> {
  const here = host.here();
  let problem = "";
  for (let attempt = 0; attempt < tornRetries.attempts; attempt += 1) {
    if (attempt > 0) await host.sleep(tornRetries.pauseMs);
    const read = host.readRegistryFile(target.path, target.maxSize);
    if (read.kind === "missing") return missing(target);
    if (read.kind === "unreadable") return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
    if (isDatabase(read.file))
      return { state: "unreadable", target, problem: 'is a SQLite database; describe it with the format "sqlite-table"' };
    const parsed = parse(format, read.file, here);
    if (parsed.ok)
      return {
        state: "read",
        kind: "members",
        target,
        file: read.file,
        container: parsed.container,
        entries: parsed.entries,
        pids: parsed.pids,
        elsewhere: parsed.elsewhere,
      };
    problem = parsed.problem;
  }
  return { state: "malformed", target, problem: `${problem}; mend it or move it away, nothing of it was touched` };
}
