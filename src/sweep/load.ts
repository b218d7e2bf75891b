import type { FileRead, ReadFile } from "../host/files.ts";
import type { Host } from "../host/host.ts";
import type { Claim, MembersFormat } from "../registries/format.ts";
import { scan, type Container } from "../registries/json-bytes.ts";
import type { Target } from "./target.ts";

/** One entry as it was read: what it claims, and where it stands. */
export type Entry = {
  readonly key: string;
  readonly claim: Claim;
  /** Its place among its container's members. */
  readonly index: number;
  /** Its key occurs more than once, so which of them is meant is unknown. */
  readonly duplicate: boolean;
};

export type Loaded =
  | {
      readonly state: "read";
      readonly target: Target;
      readonly file: ReadFile;
      readonly container: Container;
      readonly entries: readonly Entry[];
    }
  | { readonly state: "missing" | "unreadable" | "malformed"; readonly target: Target; readonly problem: string };

const readAttempts = 6;
const readPauseMs = 150;

type Parsed =
  | { readonly ok: true; readonly container: Container; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly problem: string };

/** Line and column of a byte, counted from 1, so that a person finds the place. */
function placeOf(bytes: Buffer, offset: number): string {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  const line = before.subarray(0, lineStart).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  return `line ${line}, column ${offset - lineStart + 1}`;
}

function parseMembers(format: MembersFormat, { bytes }: ReadFile): Parsed {
  const claims: Claim[] = [];
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const result = scan(source, format.entries, ({ key }, value) => claims.push(format.claim(key, value)));
  if (!result.ok) return { ok: false, problem: `${result.problem} (${placeOf(bytes, result.offset)})` };
  const { container } = result;
  if (container.kind !== format.container) return { ok: false, problem: `it holds an ${container.kind}, not an ${format.container}` };
  const counts = new Map<string, number>();
  for (const { key } of container.members) counts.set(key, (counts.get(key) ?? 0) + 1);
  const entries = container.members.map(({ key }, index) => ({
    key,
    index,
    claim: claims[index] as Claim,
    duplicate: (counts.get(key) ?? 0) > 1,
  }));
  return { ok: true, container, entries };
}

function refuse(target: Target, read: Exclude<FileRead, { kind: "read" }>): Loaded {
  if (read.kind === "missing")
    return { state: "missing", target, problem: "is not there; correct the path, or remove it from the configuration" };
  return { state: "unreadable", target, problem: `${read.problem}; ${read.cure}` };
}

/**
 * Reads one registry. Writers rewrite in place, so a torn text is read again a few times before it is called that; a
 * text that cannot be understood is never taken for an empty one.
 */
export async function loadRegistry(host: Host, target: Target): Promise<Loaded> {
  const { format } = target;
  if (format.layout !== "members") throw new TypeError(`${format.name} is not read yet`);
  let problem = "";
  for (let attempt = 0; attempt < readAttempts; attempt += 1) {
    if (attempt > 0) await host.sleep(readPauseMs);
    const read = host.readRegistryFile(target.path);
    if (read.kind !== "read") return refuse(target, read);
    const parsed = parseMembers(format, read.file);
    if (parsed.ok) return { state: "read", target, file: read.file, container: parsed.container, entries: parsed.entries };
    problem = parsed.problem;
  }
  return { state: "malformed", target, problem: `${problem}; mend it or move it away, nothing of it was touched` };
}
