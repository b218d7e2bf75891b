import { formatDefaults } from "./shared/defaults.ts";
import type { Claim, Format } from "../format.ts";
import { isRecord } from "../fields.ts";
import { bodyOf, claimFromFile } from "./shared/one-file.ts";

/** A session of another platform, in a project that two machines share, is another host's. */
function withPlatform(claim: Claim, content: string | undefined): Claim {
  const body = bodyOf(content);
  const platform = isRecord(body) ? body["platform"] : undefined;
  if (!claim.ok || platform === undefined || platform === "linux") return claim;
  if (typeof platform !== "string") return { ok: false, problem: `"platform" is ${JSON.stringify(platform)}, not a name` };
  return { ...claim, registration: { ...claim.registration, host: platform } };
}

const started: Readonly<Record<string, string>> = { "session.json.lock/owner.json": "created_at" };

/**
 * oh-my-codex's `.omx/state/session.json` and the directory that locks it, `session.json.lock/owner.json`: both keep a
 * project from being launched again for as long as they stand. `notify-fallback.pid` is that of the watcher beside a
 * session: it claims no session, and goes with its process.
 */
export const omxSession: Format = {
  ...formatDefaults,
  name: "omx-session",
  title: "oh-my-codex",
  summary: "oh-my-codex's session.json, its lock directory and notify-fallback.pid",
  wellKnown: ({ home, cwd }) => [...new Set([`${cwd}/.omx/state`, `${home}/.omx/state`])],
  about: "session",
  namesHolders: true,
  codexThreads: true,
  // Its agents carry it in the path of their instructions: /.omx/state/sessions/<session_id>/AGENTS.md.
  identityIsSession: true,
  layout: "files",
  patterns: ["session.json", "session.json.lock/owner.json", "notify-fallback.pid"],
  nameIsEnough: false,
  ownDirectory: true,
  claim: (name, content) =>
    withPlatform(
      claimFromFile(name, content, {
        sessionId: "native_session_id",
        identity: "session_id",
        pid: "pid",
        startTicks: "pid_start_ticks",
        registeredAt: started[name.key] ?? "started_at",
        cwd: "cwd",
      }),
      content,
    ),
};
