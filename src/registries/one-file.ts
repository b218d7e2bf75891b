import { nothingClaimed, type Registration } from "../core/registration.ts";
import { claimFrom, type FieldMap } from "./fields.ts";
import type { Claim, EntryName } from "./format.ts";

const torn = Symbol("torn");

function parseBody(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch {
    return torn;
  }
}

/** What a file's name alone claims. */
export function claimFromName({ key, pid, sessionId, port }: EntryName, isTorn: boolean): Claim {
  const endpoint: Registration["endpoint"] = port === undefined ? undefined : { kind: "tcp", port };
  return { ok: true, registration: { ...nothingClaimed, key, pid, sessionId, endpoint }, sameness: () => key, torn: isTorn };
}

/**
 * Reads a one-file entry. Where the name carries the pid, a torn or empty body leaves the name to be judged by; and a
 * body that names another pid than the file's name is reported, not guessed at.
 */
export function claimFromFile(name: EntryName, content: string | undefined, fields: FieldMap): Claim {
  if (name.pid !== undefined && name.pid <= 1) return { ok: false, problem: `its name says pid ${name.pid}, which can be no holder` };
  if (content === undefined) return claimFromName(name, false);
  const body = parseBody(content);
  if (body === torn) {
    return name.pid === undefined ? { ok: false, problem: content === "" ? "is empty" : "is no JSON" } : claimFromName(name, true);
  }
  const claim = claimFrom(name.key, body, fields);
  if (!claim.ok) return claim;
  const { registration } = claim;
  if (name.pid !== undefined && registration.pid !== undefined && registration.pid !== name.pid) {
    return { ok: false, problem: `its name says pid ${name.pid}, its body says ${registration.pid}` };
  }
  const endpoint: Registration["endpoint"] = name.port === undefined ? registration.endpoint : { kind: "tcp", port: name.port };
  return {
    ...claim,
    registration: { ...registration, pid: name.pid ?? registration.pid, sessionId: registration.sessionId ?? name.sessionId, endpoint },
  };
}
