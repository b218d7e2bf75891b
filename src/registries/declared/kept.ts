import { isRecord, valueAt, type KeepWhen } from "../fields.ts";
import type { Claim } from "../format.ts";

/** Adds to a claim what its entry says for which it is kept. */
export function withKept(claim: Claim, value: unknown, keepWhen: KeepWhen): Claim {
  if (!claim.ok || !isRecord(value)) return claim;
  for (const [member, values] of Object.entries(keepWhen)) {
    const found = valueAt(value, member);
    if (found === undefined || !values.some((one) => one === found)) continue;
    return { ...claim, registration: { ...claim.registration, keptFor: `${member} ${JSON.stringify(found)}` } };
  }
  return claim;
}
