import { claudeHomes, claudeNames } from "./shared/claude-home.ts";
import { withDrift } from "./shared/claude-drift.ts";
import { formatDefaults } from "./shared/defaults.ts";
import { isRecord } from "../fields.ts";
import type { Claim, EntryName, Format } from "../format.ts";
import { withPidDomain } from "./shared/claude-pid-domain.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/**
 * What newer releases keep beside a record, with a secret in it: `<pid>.<64 hex digits>.key`. It names neither session nor
 * pid, and outlives its record where Claude removes only that.
 */
function keyClaim(name: EntryName, content: string | undefined): Claim {
  const body = bodyOf(content);
  if (isRecord(body) && body["peerToken"] === undefined) return { ok: false, problem: 'has no "peerToken"; it is no key of a session' };
  return withPidDomain(claimFromFile(name, content, { startTicks: "procStart" }), body);
}

/**
 * Claude Code's `sessions/<pid>.json`: one file a process, written in place by that process alone and never created
 * again, so that a false purge lasts until it ends. The file's name is the pid; `sessionId` changes within one
 * process, and there is no heartbeat (claude 2.1.197).
 */
export const claudeSessions: Format = {
  ...formatDefaults,
  name: "claude-sessions",
  title: "Claude Code sessions",
  summary: "Claude Code's sessions/<pid>.json, one file per process, and their keys",
  wellKnown: (places) => claudeHomes(places).map((home) => `${home}/sessions`),
  about: "process",
  namesHolders: true,
  holderNames: claudeNames,
  authoritative: true,
  layout: "files",
  patterns: ["<pid>.json", "<pid>.*.key"],
  nameIsEnough: false,
  ownDirectory: false,
  claim: (name, content) => {
    if (name.key.endsWith(".key")) return keyClaim(name, content);
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
