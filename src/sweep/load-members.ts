import type { ReadFile } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import type { Claim, MembersFormat } from "../registries/format.ts";
import { scan, type Container } from "../registries/json-bytes.ts";
import { missing, torn, type Entry, type Loaded } from "./loaded.ts";
import type { Target } from "./target.ts";

type Parsed =
  | { readonly ok: true; readonly container: Container; readonly entries: readonly Entry[] }
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
function numbered(claims: readonly Claim[], container: Container): readonly Entry[] {
  const counts = new Map<string, number>();
  return claims.map((claim, index) => {
    const name = claim.ok ? claim.registration.key : (container.members[index]?.key ?? String(index));
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { key: count === 1 ? name : `${name} #${count}`, claim, duplicate: false, place: { kind: "member", index } };
  });
}

function named(claims: readonly Claim[], container: Container): readonly Entry[] {
  const counts = new Map<string, number>();
  for (const { key } of container.members) counts.set(key, (counts.get(key) ?? 0) + 1);
  return container.members.map(({ key }, index) => {
    return { key, claim: claims[index] as Claim, duplicate: (counts.get(key) ?? 0) > 1, place: { kind: "member", index } };
  });
}

function parse(format: MembersFormat, { bytes }: ReadFile): Parsed {
  const claims: Claim[] = [];
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const result = scan(source, format.entries, ({ key }, value) => claims.push(format.claim(key, value)));
  if (!result.ok) return { ok: false, problem: `${result.problem} (${placeOf(bytes, result.offset)})` };
  const { container } = result;
  if (container.kind !== format.container) return { ok: false, problem: `it holds an ${container.kind}, not an ${format.container}` };
  return { ok: true, container, entries: container.kind === "array" ? numbered(claims, container) : named(claims, container) };
}

/**
 * Reads one file with many entries. Writers rewrite in place, so a torn text is read again a few times; one that
 * cannot be understood is never taken for an empty one.
 */
export async function loadMembers(host: Host, target: Target, format: MembersFormat): Promise<Loaded> {
  let problem = "";
  for (let attempt = 0; attempt < torn.attempts; attempt += 1) {
    if (attempt > 0) await host.sleep(torn.pauseMs);
    const read = host.readRegistryFile(target.path);
    if (read.kind === "missing") return missing(target);
    if (read.kind === "unreadable") return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
    const parsed = parse(format, read.file);
    if (parsed.ok) return { state: "read", kind: "members", target, file: read.file, container: parsed.container, entries: parsed.entries };
    problem = parsed.problem;
  }
  return { state: "malformed", target, problem: `${problem}; mend it or move it away, nothing of it was touched` };
}
