import type { Change } from "../../core/plan/plan.ts";
import type { Reason } from "../../core/reasons.ts";
import { supersedeReason } from "../../core/revisions/superseded.ts";
import { underName } from "../../registries/host-name.ts";
import { stampLike, withMembers } from "../../registries/released.ts";
import type { ReadRegistry } from "../load/loaded.ts";
import type { Pass } from "../pass.ts";

/** How entries that a change is meant for come to say something else, and stay. */
export type Rewriting = {
  /** The bytes of an entry as they are to be; undefined where they cannot be written so. */
  readonly contentOf: (bytes: Buffer, reason: Reason) => Buffer | undefined;
  readonly unwritable: string;
};

/** With the time and the reason of its release in it, and every other byte as it was. */
function stamped({ target }: ReadRegistry, bytes: Buffer, at: string, reason: string): Buffer | undefined {
  const { releases } = target.format;
  if (releases === undefined) return undefined;
  const source = { bytes, text: (start: number, end: number) => bytes.toString("utf8", start, end) };
  const when = stampLike(JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, "")), releases.like, at);
  const parts = withMembers(source, [
    [releases.at, when],
    [releases.reason, reason],
  ]);
  return parts && Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : bytes.subarray(part.start, part.end))));
}

/** Under another host name. */
function renamed(bytes: Buffer, hostname: string): Buffer | undefined {
  const text = underName(bytes.toString("utf8"), hostname);
  return text === undefined ? undefined : Buffer.from(text);
}

const unwritable = "its release cannot be written without touching other bytes";

/** Returns what entries of a registry are to say from now on; undefined where the change takes them out. */
export function rewritingFor(change: Change, { startedAt, host }: Pass, loaded: ReadRegistry): Rewriting | undefined {
  switch (change) {
    case "reap":
      return undefined;
    case "stamp":
      return { contentOf: (bytes) => stamped(loaded, bytes, startedAt, supersedeReason), unwritable };
    case "mark":
      return { contentOf: (bytes, reason) => stamped(loaded, bytes, startedAt, reason.replaceAll("-", "_")), unwritable };
    case "take-over": {
      const { hostname } = host.here();
      return { contentOf: (bytes) => renamed(bytes, hostname), unwritable: "its host name cannot be exchanged alone" };
    }
  }
}
