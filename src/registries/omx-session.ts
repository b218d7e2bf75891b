import { usual } from "./defaults.ts";
import type { Claim, Format } from "./format.ts";
import { isRecord } from "./fields.ts";
import { claimFromFile } from "./one-file.ts";

/** A pid of another platform means nothing here. */
function onLinuxOnly(claim: Claim, content: string | undefined): Claim {
  const body: unknown = claim.ok && content !== undefined ? JSON.parse(content.replace(/^\uFEFF/, "")) : undefined;
  const platform = isRecord(body) ? body["platform"] : undefined;
  if (!claim.ok || platform === undefined || platform === "linux") return claim;
  return { ok: false, problem: `was written on ${JSON.stringify(platform)}, whose pids mean nothing here` };
}

/**
 * oh-my-codex's `.omx/state/session.json` and the directory that locks it, `session.json.lock/owner.json`: both keep a
 * project from being launched again for as long as they stand.
 */
export const omxSession: Format = {
  ...usual,
  name: "omx-session",
  summary: "oh-my-codex's session.json and its lock directory",
  wellKnown: ({ home, cwd }) => [...new Set([`${cwd}/.omx/state`, `${home}/.omx/state`])],
  presence: "either",
  codexThreads: true,
  layout: "files",
  patterns: ["session.json", "session.json.lock/owner.json"],
  nameIsEnough: false,
  ownDirectory: true,
  claim: (name, content) =>
    onLinuxOnly(
      claimFromFile(name, content, {
        sessionId: "native_session_id",
        identity: "session_id",
        pid: "pid",
        startTicks: "pid_start_ticks",
        registeredAt: name.key === "session.json" ? "started_at" : "created_at",
        cwd: "cwd",
      }),
      content,
    ),
};
