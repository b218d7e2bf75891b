import { isRecord } from "../../fields.ts";
import type { Claim } from "../../format.ts";

/** The last release of which it was reported that its record names the old session after `/clear` or `/resume`. */
const lastDrifting = [2, 1, 204] as const;

/** Whether the release that wrote a record may leave it behind when the session changes. One that says no version may. */
function mayDrift(version: unknown): boolean {
  const parts = typeof version === "string" ? /^(\d+)\.(\d+)\.(\d+)/.exec(version) : null;
  if (parts === null) return true;
  for (const [index, last] of lastDrifting.entries()) {
    const part = Number(parts[index + 1]);
    if (part !== last) return part < last;
  }
  return true;
}

export function withDrift(claim: Claim, value: unknown): Claim {
  return claim.ok && mayDrift(isRecord(value) ? value["version"] : undefined) ? { ...claim, mayDrift: true } : claim;
}
