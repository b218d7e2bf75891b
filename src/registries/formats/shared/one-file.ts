import { nothingClaimed, type Registration } from "../../../core/registration.ts";
import { claimFrom, knownClaimFrom, type FieldMap } from "../../fields.ts";
import { largestPid } from "../../field-readers.ts";
import type { Claim, EntryName } from "../../format.ts";
import { depthLimit } from "../../json/json-grammar.ts";
import { nestedTooDeep } from "../../json/nesting.ts";

const torn = Symbol("torn");
const deep = Symbol("nested too deep");

/** The value that a one-file entry holds; undefined where it was not read or is torn. */
export function bodyOf(content: string | undefined): unknown {
  const body = content === undefined ? undefined : parseBody(content);
  return body === torn || body === deep ? undefined : body;
}

function parseBody(content: string): unknown {
  if (nestedTooDeep(content)) return deep;
  try {
    return JSON.parse(content.replace(/^\uFEFF/, ""));
  } catch {
    return torn;
  }
}

/** Why a pid in a file's name can be no holder's; undefined when it can. */
export function pidProblem({ pid }: EntryName): string | undefined {
  return pid !== undefined && (pid < 1 || pid > largestPid) ? `its name says pid ${pid}, which can be no holder` : undefined;
}

export const isNamed = ({ pid, sessionId, port }: EntryName): boolean => pid !== undefined || sessionId !== undefined || port !== undefined;

/** What a file's name alone claims. */
export function claimFromName(name: EntryName, isTorn: boolean): Claim {
  if (!isNamed(name)) return { ok: false, problem: "its name says no pid, session or port" };
  const { key, pid, sessionId, port } = name;
  const endpoint: Registration["endpoint"] = port === undefined ? undefined : { kind: "tcp", port };
  return { ok: true, registration: { ...nothingClaimed, key, pid, sessionId, endpoint }, identityText: () => key, torn: isTorn };
}

/**
 * Reads a one-file entry. Where the name carries the pid, a torn or empty body leaves the name to be judged by; and a
 * body that names another pid than the file's name is reported, not guessed at. `isKnown` says that the body claims
 * something that the fields do not name.
 */
export function claimFromFile(name: EntryName, content: string | undefined, fields: FieldMap, isKnown = false): Claim {
  const problem = pidProblem(name);
  if (problem !== undefined) return { ok: false, problem };
  if (content === undefined) return claimFromName(name, false);
  const body = parseBody(content);
  if (body === torn) {
    return name.pid === undefined ? { ok: false, problem: content === "" ? "is empty" : "is no JSON" } : claimFromName(name, true);
  }
  if (body === deep) return { ok: false, problem: `is nested deeper than ${depthLimit} levels` };
  const claim = (isNamed(name) || isKnown ? claimFrom : knownClaimFrom)(name.key, body, fields);
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
