import { claudeHome, claudeHomes, claudeNames } from "./shared/claude-home.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { formatDefaults } from "./shared/defaults.ts";
import { knownClaimFrom } from "../fields.ts";
import type { Format } from "../format.ts";

const inHome = "/daemon/roster.json";

/**
 * The Claude daemon's `daemon/roster.json`: background workers by short id. The recorded pid is the pty host, whose
 * child is the session. The entries hold secrets (`rvAuth`, `ptyAuth`). The daemon owns the file while its lock's
 * holder lives or its control socket answers (claude 2.1.197).
 */
export const claudeRoster: Format = {
  ...formatDefaults,
  name: "claude-roster",
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
    withPidDomain(
      knownClaimFrom(key, value, { sessionId: "sessionId", pid: "pid", startTicks: "procStart", registeredAt: "startedAt", cwd: "cwd" }),
      value,
    ),
};
