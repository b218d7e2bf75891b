import type { Claim } from "../../format.ts";
import { isRecord } from "../../fields.ts";

const domain = /^linux:([0-9a-f]*):(?:pid:\[(\d+)\])?$/;

/**
 * Newer Claudes say where their pids are counted: `linux:<machine id>:pid:[<namespace>]`, either part of it empty when it
 * could not be read (seen in 2.1.329, not in 2.1.197). A domain in another form is another host's, which is not probed.
 */
export function withPidDomain(claim: Claim, value: unknown): Claim {
  const said = isRecord(value) ? value["pidDomain"] : undefined;
  if (!claim.ok || typeof said !== "string" || said === "linux") return claim;
  const parts = domain.exec(said);
  if (parts === null) return { ...claim, registration: { ...claim.registration, host: said } };
  const machineId = parts[1] === "" ? undefined : parts[1];
  return { ...claim, registration: { ...claim.registration, machineId, pidNamespace: parts[2] } };
}
