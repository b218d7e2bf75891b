import { claudeHome, claudeHomes, claudeNames } from "./shared/claude-home.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { formatDefaults } from "./shared/defaults.ts";
import { claimFrom, knownClaimFrom } from "../fields.ts";
import type { Claim, Format } from "../format.ts";

const inHome = "/daemon/roster.json";

/**
 * Adds the process that runs the session (`replPid`, seen in claude 2.1.332): the pty host may end before it, and the daemon
 * may have it alone. An entry whose pid of it cannot be understood is malformed.
 */
function withRepl(claim: Claim, key: string, value: unknown): Claim {
  if (!claim.ok) return claim;
  const repl = claimFrom(key, value, { pid: "replPid", startTicks: "replProcStart" });
  if (!repl.ok) return repl;
  const { pid, startTicks } = repl.registration;
  if (pid === undefined) return claim;
  const { registration } = claim;
  if (registration.pid === undefined) return { ...claim, registration: { ...registration, pid, startTicks } };
  return { ...claim, otherHolder: { pid, startTicks } };
}

/**
 * The Claude daemon's `daemon/roster.json`: background workers by short id. The recorded pid is the pty host, whose
 * child is the session; while either lives the entry stays. The entries hold secrets (`rvAuth`, `ptyAuth`). The daemon owns the file while its lock's
 * holder lives or its control socket answers (claude 2.1.197).
 */
export const claudeRoster: Format = {
  ...formatDefaults,
  name: "claude-roster",
  title: "Claude Code workers (roster)",
  summary: "the Claude daemon's roster.json of background workers",
  wellKnown: (places) => claudeHomes(places).map((home) => `${home}${inHome}`),
  about: "process",
  namesHolders: true,
  namesHost: true,
  holderNames: claudeNames,
  owner: (places, path) => {
    const home = path.endsWith(inHome) ? path.slice(0, -inHome.length) : claudeHome(places);
    return { lock: `${home}/daemon.lock`, socket: `/tmp/cc-daemon-${places.uid}/${places.sha256(home).slice(0, 8)}/control.sock` };
  },
  layout: "members",
  container: "object",
  recordsPids: true,
  entries: "/workers",
  claim: (key, value) =>
    withRepl(
      withPidDomain(
        knownClaimFrom(key, value, { sessionId: "sessionId", pid: "pid", startTicks: "procStart", registeredAt: "startedAt", cwd: "cwd" }),
        value,
      ),
      key,
      value,
    ),
};
