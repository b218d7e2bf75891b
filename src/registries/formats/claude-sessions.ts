import { claudeHome, claudeNames } from "./shared/claude-home.ts";
import { withDrift } from "./shared/claude-drift.ts";
import { formatDefaults } from "./shared/defaults.ts";
import type { Format } from "../format.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/**
 * Claude Code's `sessions/<pid>.json`: one file a process, written in place by that process alone and never created
 * again, so that a false purge lasts until it ends. The file's name is the pid; `sessionId` changes within one
 * process, and there is no heartbeat (claude 2.1.197).
 */
export const claudeSessions: Format = {
  ...formatDefaults,
  name: "claude-sessions",
  summary: "Claude Code's sessions/<pid>.json, one file per process",
  wellKnown: (places) => [`${claudeHome(places)}/sessions`],
  about: "process",
  namesHolders: true,
  holderNames: claudeNames,
  authoritative: true,
  layout: "files",
  patterns: ["<pid>.json"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => {
    const claim = claimFromFile(name, content, {
      sessionId: "sessionId",
      pid: "pid",
      startTicks: "procStart",
      registeredAt: "startedAt",
      lastActivityAt: "updatedAt",
      cwd: "cwd",
    });
    const body = bodyOf(content);
    return withDrift(withPidDomain(claim, body), body);
  },
};

/** The same records of every profile in a home: Claude keeps each in a directory of its own, by custom a `~/.claude-NAME`. */
export const claudeProfiles: Format = { ...claudeSessions, patterns: [".claude*/sessions/<pid>.json"] };
