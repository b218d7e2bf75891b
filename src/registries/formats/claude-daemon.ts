import { claudeHomes, claudeNames } from "./shared/claude-home.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { formatDefaults } from "./shared/defaults.ts";
import type { FieldMap } from "../fields.ts";
import type { Format } from "../format.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

const lock: FieldMap = { pid: "pid", startTicks: "procStart", registeredAt: "startedAt" };
const status: FieldMap = { pid: "supervisorPid", startTicks: "supervisorProcStart", lastActivityAt: "writtenAt" };

/**
 * What the Claude daemon says of itself: `daemon.lock`, which makes it the owner of its roster, and `daemon.status.json`.
 * Each names the daemon's process with its start, and both outlive a daemon that was killed.
 */
export const claudeDaemon: Format = {
  ...formatDefaults,
  name: "claude-daemon",
  title: "Claude Code daemon",
  summary: "the Claude daemon's daemon.lock and daemon.status.json",
  wellKnown: claudeHomes,
  about: "process",
  holderNames: claudeNames,
  layout: "files",
  patterns: ["daemon.lock", "daemon.status.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => withPidDomain(claimFromFile(name, content, name.key === "daemon.lock" ? lock : status), bodyOf(content)),
};
