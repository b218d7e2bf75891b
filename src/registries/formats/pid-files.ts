import { formatDefaults } from "./shared/defaults.ts";
import type { Format } from "../format.ts";
import { claimFromName, pidProblem } from "./shared/one-file.ts";

/** Who can hold an `active-session-<pid>`: a Claude, or the shell or script that its start hook ran in. */
const sessionHolders = ["claude", "claude-code", "codex", "code", "coder", "node", "bun", "sh", "bash", "dash", "zsh", "fish"];

/**
 * Files whose name is the claim: `active-session-<pid>` of an orchestrator, or any pattern with `<pid>` in it. What
 * they hold is the session's id or nothing; a file without a pid in its name is no marker.
 */
export function pidFiles(pattern: string | undefined): Format {
  return {
    ...formatDefaults,
    name: "pid-files",
    title: "pid markers",
    summary: "files named by a pid, such as active-session-<pid>",
    wellKnown: ({ cwd }) => (pattern === undefined ? [`${cwd}/.orchestrator-state`] : []),
    about: "process",
    namesHolders: true,
    holderNames: pattern === undefined ? sessionHolders : undefined,
    layout: "files",
    patterns: [pattern ?? "active-session-<pid>"],
    nameIsEnough: true,
    ownDirectory: false,
    claim: (name, content) => {
      const problem = name.pid === undefined ? "its name has no pid that is one" : pidProblem(name);
      if (problem !== undefined) return { ok: false, problem };
      const claim = claimFromName(name, false);
      const sessionId = /^[\w:.-]{1,128}$/.exec(content?.trim() ?? "")?.[0];
      return claim.ok && name.sessionId === undefined ? { ...claim, registration: { ...claim.registration, sessionId } } : claim;
    },
  };
}
