import { formatDefaults } from "./shared/defaults.ts";
import { isRecord } from "../fields.ts";
import type { Claim, Format, Places } from "../format.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";
import { directoryIn } from "./shared/places.ts";

const loopback: ReadonlySet<unknown> = new Set(["127.0.0.1", "localhost", "::1"]);

/** A hub that recorded no pid is known by the port at which it listens, where that is one of this machine alone. */
function withPort(claim: Claim, content: string | undefined): Claim {
  const body = bodyOf(content);
  const [host, port] = isRecord(body) ? [body["host"], body["port"]] : [];
  const isPort = typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536;
  return claim.ok && isPort && loopback.has(host)
    ? { ...claim, registration: { ...claim.registration, endpoint: { kind: "tcp", port } } }
    : claim;
}

function hubLocks(places: Places): readonly string[] {
  const home = directoryIn(places, "CLINE_DIR") ?? `${places.home}/.cline`;
  return [`${directoryIn(places, "CLINE_DATA_DIR") ?? `${home}/data`}/locks/hub`];
}

/**
 * Where Cline's hub says that it listens, `locks/hub/production.json`, and below `owners/` those of other builds. They hold
 * a secret (`authToken`); `host` is the address at which the hub listens, and names no machine.
 */
export const clineHub: Format = {
  ...formatDefaults,
  name: "cline-hub",
  title: "Cline hub",
  summary: "the record of Cline's hub, locks/hub/production.json",
  wellKnown: hubLocks,
  about: "process",
  holderNames: ["cline", "node", "bun"],
  layout: "files",
  patterns: ["*.json", "owners/*.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => {
    const body = bodyOf(content);
    if (isRecord(body) && typeof body["hubId"] !== "string") return { ok: false, problem: 'has no "hubId"; it is no record of a hub' };
    return withPort(claimFromFile(name, content, { pid: "pid", registeredAt: "startedAt", lastActivityAt: "updatedAt" }, true), content);
  },
};
