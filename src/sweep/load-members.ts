import type { ReadFile } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import type { Claim, MembersFormat } from "../registries/format.ts";
import { scan, type Container, type Member } from "../registries/json-bytes.ts";
import { missing, torn, type Entry, type Loaded, type MemberPlace } from "./loaded.ts";
import { probedPid } from "./pids.ts";
import type { Target } from "./target.ts";

type Parsed =
  | { readonly ok: true; readonly container: Container; readonly entries: readonly Entry[]; readonly pids: ReadonlySet<number> }
  | { readonly ok: false; readonly problem: string };

/** Line and column of a byte, counted from 1, so that a person finds the place. */
function placeOf(bytes: Buffer, offset: number): string {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  let line = 1;
  for (let at = before.indexOf(0x0a); at >= 0; at = before.indexOf(0x0a, at + 1)) line += 1;
  return `line ${line}, column ${offset - lineStart + 1}`;
}

/** Elements of an array have no name of their own, so those that share one are told apart by their order. */
function numberedKeys(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  return names.map((name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}

function duplicatesAmong(members: Container["members"]): ReadonlySet<string> {
  const [once, again] = [new Set<string>(), new Set<string>()];
  for (const { key } of members) (once.has(key) ? again : once).add(key);
  return again;
}

/**
 * Entries that do not hold what they claim: it is read from the file's bytes, which stay as they were, whenever
 * somebody asks. Parsed claims of a large registry only make work for the collector.
 */
function entriesIn(
  container: Container,
  claimAt: (index: number) => Claim,
  keyAt: (index: number) => string,
  duplicates: ReadonlySet<string>,
): readonly Entry[] {
  const shared = {
    get claim(): Claim {
      return claimAt((this as unknown as { place: MemberPlace }).place.index);
    },
  };
  return container.members.map((_, index): Entry => {
    const entry = Object.create(shared) as { -readonly [Name in keyof Entry]: Entry[Name] };
    entry.key = keyAt(index);
    entry.duplicate = duplicates.has(entry.key);
    entry.place = { kind: "member", index };
    return entry;
  });
}

/** So many claims are kept as they were read; what they take does not grow with the registry. */
const keptClaims = 10_000;

function parse(format: MembersFormat, { bytes }: ReadFile, hostname: string): Parsed {
  const names: string[] = [];
  const first: Claim[] = [];
  const pids = new Set<number>();
  const isArray = format.container === "array";
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const result = scan(source, format.entries, ({ key }, value) => {
    const claim = format.claim(key, value);
    if (first.length < keptClaims) first.push(claim);
    const pid = claim.ok ? probedPid(claim.registration, hostname) : undefined;
    if (pid !== undefined) pids.add(pid);
    if (isArray) names.push(claim.ok ? claim.registration.key : key);
  });
  if (!result.ok) return { ok: false, problem: `${result.problem} (${placeOf(bytes, result.offset)})` };
  const { container } = result;
  if (container.kind !== format.container) return { ok: false, problem: `it holds an ${container.kind}, not an ${format.container}` };
  const { members } = container;
  const claimAt = (index: number): Claim => {
    const before = first[index];
    if (before !== undefined) return before;
    const { key, valueStart, end } = members[index] as Member;
    return format.claim(key, JSON.parse(source.text(valueStart, end)));
  };
  const keys = isArray ? numberedKeys(names) : undefined;
  const keyAt = (index: number): string => keys?.[index] ?? (members[index] as Member).key;
  const duplicates: ReadonlySet<string> = isArray ? new Set() : duplicatesAmong(members);
  return { ok: true, container, pids, entries: entriesIn(container, claimAt, keyAt, duplicates) };
}

/**
 * Reads one file with many entries. Writers rewrite in place, so a torn text is read again a few times; one that
 * cannot be understood is never taken for an empty one.
 */
export async function loadMembers(host: Host, target: Target, format: MembersFormat): Promise<Loaded> {
  const { hostname } = host.here();
  let problem = "";
  for (let attempt = 0; attempt < torn.attempts; attempt += 1) {
    if (attempt > 0) await host.sleep(torn.pauseMs);
    const read = host.readRegistryFile(target.path);
    if (read.kind === "missing") return missing(target);
    if (read.kind === "unreadable") return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
    const parsed = parse(format, read.file, hostname);
    if (parsed.ok)
      return {
        state: "read",
        kind: "members",
        target,
        file: read.file,
        container: parsed.container,
        entries: parsed.entries,
        pids: parsed.pids,
      };
    problem = parsed.problem;
  }
  return { state: "malformed", target, problem: `${problem}; mend it or move it away, nothing of it was touched` };
}
